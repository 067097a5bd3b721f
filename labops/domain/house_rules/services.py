"""Use cases of house rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from labops.domain.house_rules.atoms import Wrong
from labops.domain.house_rules.files import Levels, RuleFile, place_of
from labops.domain.house_rules.models import HouseRulesVersion
from labops.domain.house_rules.queries import site_rules
from labops.domain.house_rules.values import Level, merged_levels, read_rules
from labops.domain.machines.models import Machine, MachineType
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRules:
    """What one level of a site's rules shall say from now on."""

    site_id: int
    data: Mapping[str, Any]
    level: Level = Level.SITE
    key: str = ""


def save_rules(command: SaveRules, *, actor: Actor, now: datetime) -> int:
    """Put a new version in force and return its number.

    Bookings made before keep what was in force for them. Raises `Forbidden`, `NotFound` for an
    unknown site, and `Invalid` naming each wrong key.
    """
    actor.require(Permission.RULES_EDIT, command.site_id)
    with unit_of_work() as session:
        if session.get(Site, command.site_id) is None:
            raise NotFound
        return add_version(session, command, actor=actor, now=now)


def import_rules(
    slug: str, levels: Levels, *, actor: Actor, now: datetime, dry_run: bool = False
) -> tuple[str, ...]:
    """Make the levels all that the site's rules say, and return the places that changed.

    What a level said before and the new ones do not name is taken back. Raises `Forbidden`,
    `NotFound` for an unknown site, and `Invalid` for unknown categories or machines and for
    rules that contradict each other on any machine of the site; then nothing is changed.
    """
    with unit_of_work() as session:
        site = session.scalar(select(Site).where(Site.slug == slug))
        if site is None:
            raise NotFound
        actor.require(Permission.RULES_EDIT, site.id)
        before = site_rules(session, site.id).levels
        wanted = {**{key: {} for key in before}, **levels}
        changed = [key for key, data in wanted.items() if data != before.get(key, {})]
        # The site's own rules first: the other levels are laid over them.
        changed.sort(key=lambda key: (key[0] != Level.SITE.value, key))
        _refuse_misfits(session, site.id, levels)
        if not dry_run:
            for level, key in changed:
                command = SaveRules(
                    site_id=site.id, data=wanted[level, key], level=Level(level), key=key
                )
                add_version(session, command, actor=actor, now=now)
        return tuple(place_of(level, key) for level, key in changed)


def add_version(session: Session, command: SaveRules, *, actor: Actor, now: datetime) -> int:
    """Add the version inside the caller's transaction; raises `Invalid`."""
    if bool(command.key) == (command.level is Level.SITE):
        raise Invalid.field("key", "rules.wrong-key")
    _refuse_wrong(session, command)
    previous = session.scalar(
        select(HouseRulesVersion)
        .where(
            HouseRulesVersion.site_id == command.site_id,
            HouseRulesVersion.level == command.level,
            HouseRulesVersion.key == command.key,
        )
        .order_by(HouseRulesVersion.version.desc())
        .limit(1)
    )
    version = previous.version + 1 if previous else 1
    session.add(
        HouseRulesVersion(
            site_id=command.site_id,
            level=command.level,
            key=command.key,
            version=version,
            data=dict(command.data),
            created_at=now,
            created_by_id=actor.person_id,
        )
    )
    session.execute(
        update(Site).where(Site.id == command.site_id).values(revision=Site.revision + 1)
    )
    audit.record(
        session,
        actor,
        "house-rules.saved",
        f"site:{command.site_id}",
        now=now,
        before=previous.data if previous else {},
        after=command.data,
        reason=f"{command.level} {command.key}".strip(),
    )
    return version


def _refuse_wrong(session: Session, command: SaveRules) -> None:
    """Raise `Invalid` for wrong keys, and for rules that contradict those they are laid over."""
    levels = [command.data]
    if command.level is not Level.SITE:
        known = site_rules(session, command.site_id).levels
        below = [(Level.SITE.value, "")]
        if command.level is Level.MACHINE:
            below.append((Level.CATEGORY.value, _category_of(session, command.key)))
        levels = [*(known.get(key, {}) for key in below), command.data]
    read_rules(merged_levels(levels), whole=command.level is not Level.PLAN)


def _category_of(session: Session, machine: str) -> str:
    return session.scalar(_machines().where(Bookable.slug == machine)) or ""


def _refuse_misfits(session: Session, site_id: int, levels: Levels) -> None:
    """Raise `Invalid` for names that are not the site's, and contradictions on its machines."""
    rows = session.execute(_machines(Bookable.slug).where(Bookable.site_id == site_id))
    machines = {slug: category for category, slug in rows}
    types = set(session.scalars(select(MachineType.slug)))
    plans = {""} | {key.partition(":")[0] for level, key in levels if level == Level.PLAN}
    problems = [
        Problem("rules.unknown-name", {"field": place_of(level, key), "name": name})
        for level, key in levels
        for kind, name in _names_in(level, key)
        if name not in (types if kind == Level.CATEGORY else machines)
    ]
    file = RuleFile(levels)
    for machine, category in machines.items():
        for plan in sorted(plans):
            try:
                file.of(category=category, machine=machine, plan=plan)
            except Invalid as error:
                problems += Wrong(error.problems).at(place_of(Level.MACHINE, machine))
    if problems:
        raise Invalid(problems)


def _names_in(level: str, key: str) -> Iterator[tuple[str, str]]:
    """Yield the category or machine that a level is about."""
    if level in {Level.CATEGORY, Level.MACHINE}:
        yield level, key
    elif level == Level.PLAN and ":" in key:
        _plan, kind, name = key.split(":", 2)
        yield kind, name


def _machines(*columns: Any) -> Select[Any]:
    """Return the statement that reads each machine's category, and what else is asked for."""
    return (
        select(MachineType.slug, *columns)
        .select_from(Machine)
        .join(MachineType, MachineType.id == Machine.machine_type_id)
    )
