"""The level whose rules one edits, with the changes that are not in force yet.

Changes are collected in a draft that travels with the forms: nothing is kept on the server until
somebody puts it in force, and two people who edit at once do not see each other's half work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.house_rules.kinds import Known
from labops.blueprints.sites.base import key as lookup_key
from labops.blueprints.sites.base import staffed_site
from labops.domain.house_rules import queries
from labops.domain.house_rules.entries import timetable
from labops.domain.house_rules.files import read_level, write_level
from labops.domain.house_rules.queries import SiteRules
from labops.domain.house_rules.timetables import Timetable
from labops.domain.house_rules.values import HouseRules, Level, merged_levels, read_rules
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import InventorySearch, MachineView
from labops.domain.sites.queries import SiteView
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Permission

bp = Blueprint("house_rules", __name__)

MOST_MACHINES = 100_000
LONGEST_TEXT = 200_000
View = Callable[..., ResponseReturnValue]


@dataclass(frozen=True)
class Ground:
    """One level of one site. `own` is what it says now, `seen` the version that says so.

    `below` is what it is laid over; `draft` what it would say, `None` without changes;
    `category` that of the machine or the kind that it is about, if it is about one.
    """

    site: SiteView
    level: Level
    key: str
    name: str
    category: str
    rules: SiteRules
    below: Mapping[str, Any]
    own: Mapping[str, Any]
    seen: int
    draft: Mapping[str, Any] | None = None

    @property
    def data(self) -> Mapping[str, Any]:
        """Return what the level would say with the changes so far."""
        return self.own if self.draft is None else self.draft

    @property
    def draft_text(self) -> str:
        """Return the draft as it travels with the forms; empty without changes."""
        return "" if self.draft is None else write_level(self.draft) or "#\n"

    @property
    def is_site(self) -> bool:
        """Say whether this is what holds for all machines."""
        return self.level is Level.SITE

    @cached_property
    def timetables(self) -> dict[str, Timetable]:
        """Return the timetables that the level may name: its own and those below."""
        tables = merged_levels([self.below, self.data]).get("timetables", {})
        return {name: timetable(name, value) for name, value in tables.items()}

    @cached_property
    def machines(self) -> list[MachineView]:
        """Return the site's machines."""
        found, _count = machines.listed(
            reading(), InventorySearch(site=self.site.slug, limit=MOST_MACHINES)
        )
        return found

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Return the kinds of machines of the site with their names, by name."""
        language = formats.language()
        kinds = {machine.type_slug: machine.type_name(language) for machine in self.machines}
        return sorted(kinds.items(), key=lambda kind: kind[1])

    @property
    def known(self) -> Known:
        """Return what the forms of this level offer to choose from."""
        return Known(
            timetables=tuple(sorted(self.timetables)),
            categories=tuple(self.kinds),
            machines=tuple((machine.slug, machine.name) for machine in self.machines),
        )

    def url(self, endpoint: str, **values: Any) -> str:
        """Return the address of a page of this level."""
        values |= {"slug": self.site.slug, "level": self.level.value, "of": self.key}
        return url_for(f"house_rules.{endpoint}", **values)

    def saying(self, data: Mapping[str, Any]) -> HouseRules:
        """Return the rules that hold when the level says this; raises `Invalid`."""
        return read_rules(merged_levels([self.below, data]), whole=False)

    def with_draft(self, draft: Mapping[str, Any]) -> Ground:
        """Return the ground with these changes."""
        return replace(self, draft=draft)


def at_level(tail: str, method: str = "GET") -> Callable[[View], View]:
    """Register a page of every level: of the site, a kind of machine, a machine, a plan.

    A page that is shown with changes, which come by POST, has a second name for that.
    """

    def register(view: View) -> View:
        name = view.__name__ + ("_changing" if tail.endswith("/changing") else "")
        options: dict[str, Any] = {"view_func": view, "methods": [method], "endpoint": name}
        site = {"level": Level.SITE.value, "of": ""}
        bp.add_url_rule(f"/sites/<slug>/rules{tail}", defaults=site, **options)
        one = "/sites/<slug>/rules/<any(category, machine, plan):level>/<of>"
        bp.add_url_rule(f"{one}{tail}", **options)
        return view

    return register


def ground_of(slug: str, level: str, of: str) -> Ground:
    """Return the level as it stands; raises `NotFound` or `Forbidden`."""
    site = staffed_site(slug, Permission.RULES_EDIT)
    at, session = Level(level), reading()
    name, category = _name_of(site, at, lookup_key(of))
    found = queries.site_rules(session, site.id)
    newest = queries.newest_version(session, site.id, at, of)
    return Ground(
        site=site,
        level=at,
        key=of,
        name=name,
        category=category,
        rules=found,
        below=found.below(at, of, category=category),
        own=dict(found.levels.get((level, of), {})),
        seen=newest.version if newest else 0,
    )


def drafted_ground(slug: str, level: str, of: str) -> Ground:
    """Return the level with the changes that the form carries; raises `Invalid` as well."""
    ground = ground_of(slug, level, of)
    text = request.form.get("draft", "")[:LONGEST_TEXT]
    if not text:
        return ground
    seen = request.form.get("seen", "")
    known = int(seen) if seen.isdecimal() and len(seen) < 10 else ground.seen  # noqa: PLR2004
    return replace(ground, seen=known, draft=read_level(text))


def _name_of(site: SiteView, level: Level, of: str) -> tuple[str, str]:
    """Return what a level is called, and the category of the machine that it is about."""
    if level is Level.SITE:
        return site.name, ""
    if level is Level.CATEGORY:
        return _kind_named(of), of
    if level is Level.MACHINE:
        machine = _machine_of(site, of)
        return machine.name, machine.type_slug
    plan, kind, name = (*of.split(":", 2), "", "")[:3]
    if not is_plan(plan) or kind not in {"", Level.CATEGORY, Level.MACHINE}:
        raise NotFound
    said = str(_("plan %(name)s", name=plan))
    if not kind:
        return said, ""
    about, category = _name_of(site, Level(kind), name)
    return f"{said}, {about}", category


def is_plan(name: str) -> bool:
    """Say whether a plan may be called so."""
    plain = name.replace("-", "").replace("_", "").replace(".", "")
    return plain.isalnum() and len(name) <= 40  # noqa: PLR2004


def _kind_named(slug: str) -> str:
    for kind in machines.machine_types(reading()):
        if kind.slug == slug:
            return kind.name_it if formats.language() == "it" else kind.name_en
    raise NotFound


def _machine_of(site: SiteView, slug: str) -> MachineView:
    machine = machines.by_slug(reading(), slug)
    if machine.site_id != site.id:
        raise NotFound
    return machine
