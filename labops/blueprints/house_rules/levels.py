"""The page of a level: its cards, the other levels, and the way to a plan's."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import requires
from labops.blueprints.house_rules.base import (
    Ground,
    at_level,
    bp,
    drafted_ground,
    is_plan,
)
from labops.blueprints.house_rules.changes import changes
from labops.blueprints.house_rules.parts import PARTS, SITE_ONLY, Part
from labops.blueprints.rules_in_words import groups_in_words
from labops.blueprints.sites.base import asked, staffed_site
from labops.domain.house_rules import queries
from labops.domain.house_rules.values import Level
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission


@at_level("")
@at_level("/changing", "POST")
@requires(Permission.RULES_EDIT)
def level(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Show what a level says and what holds there, with the changes that a form carries."""
    return _page(drafted_ground(slug, level, of))


@bp.get("/sites/<slug>/rules/go")
@requires(Permission.RULES_EDIT)
def go(slug: str) -> ResponseReturnValue:
    """Lead to the rules of a plan, for all machines, one kind or one machine."""
    site = staffed_site(slug, Permission.RULES_EDIT)
    plan, about = asked("plan"), asked("about")
    if not is_plan(plan):
        raise NotFound
    of = f"{plan}:{about}" if about else plan
    place: dict[str, Any] = {"slug": site.slug, "level": Level.PLAN.value, "of": of}
    return redirect(url_for("house_rules.level", **place), 303)


def parts_of(ground: Ground) -> dict[str, Part]:
    """Return the cards that a level has."""
    return {name: part for name, part in PARTS.items() if ground.is_site or name not in SITE_ONLY}


def _page(ground: Ground) -> str:
    try:
        words = groups_in_words(ground.saying(ground.data))
    except Invalid:  # its timetables may be gone since
        words = {}
    said = set(ground.data)
    return render_template(
        "house_rules/level.html",
        ground=ground,
        site=ground.site,
        parts=parts_of(ground),
        words=words,
        own={name for name, part in PARTS.items() if said & _keys(part)},
        so_far=changes(ground, ground.own, ground.data) if ground.draft is not None else None,
        version=queries.newest_version(reading(), ground.site.id, ground.level, ground.key),
        others=_others(ground),
    )


def _keys(part: Part) -> set[str]:
    return {key.path for key in part.keys} | set(part.entries)


def _others(ground: Ground) -> list[tuple[str, str, bool, bool]]:
    """Return the other levels: address, name, whether it says anything, whether it is this one."""
    speaking = {key for key, data in ground.rules.levels.items() if data}
    levels = [(Level.SITE.value, "", str(_("The whole site")))]
    levels += [(Level.CATEGORY.value, slug, name) for slug, name in ground.kinds]
    names = {machine.slug: machine.name for machine in ground.machines}
    levels += [
        (Level.MACHINE.value, slug, name)
        for slug, name in names.items()
        if (Level.MACHINE.value, slug) in speaking
    ]
    everything = dict(ground.kinds) | names
    for kind, key in sorted(speaking):
        if kind == Level.PLAN:
            plan, _colon, about = key.partition(":")
            name = str(_("plan %(name)s", name=plan))
            about = about.partition(":")[2]
            levels.append((kind, key, f"{name}, {everything.get(about, about)}" if about else name))
    return [
        (
            url_for("house_rules.level", slug=ground.site.slug, level=kind, of=of),
            name,
            (kind, of) in speaking,
            (kind, of) == (ground.level.value, ground.key),
        )
        for kind, of, name in levels
    ]
