"""House rules of a site: the form of each level, and in plain words what it would mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.access import current_actor, requires
from labops.blueprints.messages import sentence_for
from labops.blueprints.rules_in_words import rules_in_words
from labops.blueprints.sites.base import bp, key, put_errors, staffed_site
from labops.blueprints.sites.rules_form import (
    LimitsForm,
    RulesForm,
    form_of,
    hints,
    read_form,
    unshown,
)
from labops.domain.house_rules import queries, services
from labops.domain.house_rules.queries import SiteRules
from labops.domain.house_rules.services import SaveRules
from labops.domain.house_rules.values import HouseRules, Level, laid_over, write_rules
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import InventorySearch
from labops.domain.sites.queries import SiteView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.permissions import Permission

MOST_MACHINES = 100_000


@dataclass(frozen=True, slots=True)
class Ground:
    """The level whose rules one edits, its name in words, and what the levels below it say."""

    site: SiteView
    level: Level
    key: str
    name: str
    rules: SiteRules
    inherited: HouseRules
    own: dict[str, Any]


@bp.get("/sites/<slug>/rules", defaults={"level": "site", "of": ""})
@bp.get("/sites/<slug>/rules/<level>/<of>")
@requires(Permission.RULES_EDIT)
def rules(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Show the rules of the site, or what a kind of machine or one machine changes in them."""
    ground = _ground(slug, level, of)
    return _page(ground, form_of(ground.own, whole=_whole(ground)))


@bp.post("/sites/<slug>/rules", defaults={"level": "site", "of": ""})
@bp.post("/sites/<slug>/rules/<level>/<of>")
@requires(Permission.RULES_EDIT)
def save_rules(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Put the rules in force, or only say what they would mean."""
    ground = _ground(slug, level, of)
    form = RulesForm(request.form)
    data = read_form(form, whole=_whole(ground))
    if data is None:
        return _page(ground, form), 422
    data |= unshown(ground.own, data)
    try:
        preview = laid_over([_below(ground), data])
        if contradiction := _contradiction(ground, data):
            form.form_errors.append(contradiction)
            return _page(ground, form), 422
        if "preview" in request.form:
            return _page(ground, form, preview=preview)
        services.save_rules(
            SaveRules(site_id=ground.site.id, data=data, level=ground.level, key=ground.key),
            actor=current_actor(),
            now=clock.now(),
        )
    except Invalid as invalid:
        put_errors(form, [_at_field(problem) for problem in invalid.problems])
        return _page(ground, form), 422
    flash(_("The rules are in force for bookings made from now on."), "success")
    if _whole(ground):
        return redirect(url_for(".rules", slug=slug), 303)
    return redirect(url_for(".rules", slug=slug, level=level, of=of), 303)


def _ground(slug: str, level: str, of: str) -> Ground:
    site = staffed_site(slug, Permission.RULES_EDIT)
    if level not in set(Level) - {Level.PLAN}:
        abort(404)
    at, session = Level(level), reading()
    found = queries.site_rules(session, site.id)
    category, name = "", site.name
    if at is Level.CATEGORY:
        kinds = {kind.slug: kind for kind in machines.machine_types(session)}
        if of not in kinds:
            raise NotFound
        category = of
        kind = kinds[of]
        name = kind.name_it if formats.language() == "it" else kind.name_en
    elif at is Level.MACHINE:
        machine = machines.by_slug(session, key(of))
        if machine.site_id != site.id:
            raise NotFound
        category, name = machine.type_slug, machine.name
    below = SiteRules({k: data for k, data in found.levels.items() if k != (level, of)})
    inherited = below.of(category=category if at is Level.MACHINE else "", machine="")
    return Ground(site, at, of, name, found, inherited, dict(found.levels.get((level, of), {})))


def _whole(ground: Ground) -> bool:
    """Say whether the level answers every question, instead of changing some answers."""
    return ground.level is Level.SITE


def _below(ground: Ground) -> dict[str, Any]:
    return {} if _whole(ground) else write_rules(ground.inherited)


def _contradiction(ground: Ground, data: dict[str, Any]) -> str | None:
    """Return why another level would no longer fit together with these rules, if it would not.

    Levels are laid over one another when they are read: without this look ahead, a shortest
    booking of a kind could end up above the longest of the site.
    """
    levels = {**ground.rules.levels, (ground.level.value, ground.key): data}
    changed = SiteRules(levels)
    everything = InventorySearch(site=ground.site.slug, limit=MOST_MACHINES)
    found, _count = machines.listed(reading(), everything)
    affected = {(machine.type_slug, machine.slug): machine.name for machine in found}
    affected |= {(of, ""): of for level, of in levels if level == Level.CATEGORY.value}
    for (category, machine), name in affected.items():
        try:
            changed.of(category=category, machine=machine)
        except Invalid as invalid:
            why = sentence_for(invalid.problems[0], ground.site.tz)
            return str(
                _(
                    "This does not fit together with the rules of %(name)s: %(why)s",
                    name=name,
                    why=why,
                )
            )
    return None


def _at_field(problem: Problem) -> Problem:
    """Return the problem at the field of our form that stands for its key."""
    field = str(problem.params.get("field", ""))
    return Problem(problem.code, {**problem.params, "field": field.removesuffix("_minutes")})


def _page(ground: Ground, form: LimitsForm, *, preview: HouseRules | None = None) -> str:
    session = reading()
    known, _count = machines.listed(session, InventorySearch(site=ground.site.slug, limit=500))
    kinds = {machine.type_slug: machine.type_name(formats.language()) for machine in known}
    changed = {(level, of) for (level, of), data in ground.rules.levels.items() if data}
    in_force = laid_over([_below(ground), ground.own])
    return render_template(
        "sites/rules.html",
        site=ground.site,
        ground=ground,
        form=form,
        whole=_whole(ground),
        hints={} if _whole(ground) else hints(ground.inherited),
        in_force=rules_in_words(in_force),
        preview=rules_in_words(preview) if preview else None,
        version=queries.newest_version(session, ground.site.id, ground.level, ground.key),
        kinds=sorted(kinds.items(), key=lambda kind: kind[1]),
        changed=changed,
    )
