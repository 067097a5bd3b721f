"""Reads of house rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from labops.domain.house_rules.atoms import Wrong
from labops.domain.house_rules.files import Levels, RuleFile, place_of
from labops.domain.house_rules.limits import Unit
from labops.domain.house_rules.models import HouseRulesVersion
from labops.domain.house_rules.timetables import Holidays
from labops.domain.house_rules.values import (
    HouseRules,
    Level,
    laid_over,
    level_keys,
    levels_below,
    merged_levels,
    read_rules,
)
from labops.domain.machines.models import Machine, MachineType
from labops.domain.people.models import Person
from labops.domain.spaces.models import Bookable
from labops.kernel.db import remembered
from labops.kernel.errors import Invalid, Problem


@dataclass(frozen=True, slots=True)
class SiteRules:
    """All levels of one site's rules as they stand now."""

    levels: Mapping[tuple[str, str], Mapping[str, Any]]

    def of(self, *, category: str, machine: str, plan: str = "") -> HouseRules:
        """Return the rules for a machine: site, then category, machine, and the plan's."""
        keys = level_keys(category=category, machine=machine, plan=plan)
        return laid_over(self.levels.get(key, {}) for key in keys)

    def below(self, level: Level, key: str, *, category: str = "") -> dict[str, Any]:
        """Return what the levels say together on which the one is laid."""
        keys = levels_below(level, key, category=category)
        return merged_levels(self.levels.get(one, {}) for one in keys)


@dataclass(frozen=True, slots=True)
class SavedVersion:
    """Which version of a level's rules is in force, and since when."""

    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OldVersion:
    """What a level said from a moment on, and who made it say so (`""`: the system)."""

    version: int
    created_at: datetime
    created_by: str
    data: Mapping[str, Any]


def newest_version(session: Session, site_id: int, level: Level, key: str) -> SavedVersion | None:
    """Return the version of the level that is in force; `None` when it never said anything."""
    row = session.execute(
        select(HouseRulesVersion.version, HouseRulesVersion.created_at)
        .where(
            HouseRulesVersion.site_id == site_id,
            HouseRulesVersion.level == level.value,
            HouseRulesVersion.key == key,
        )
        .order_by(HouseRulesVersion.version.desc())
        .limit(1)
    ).one_or_none()
    return SavedVersion(row[0], row[1]) if row else None


def versions(
    session: Session, site_id: int, level: Level, key: str, *, limit: int = 100
) -> list[OldVersion]:
    """Return what the level said over time, newest first."""
    rows = session.execute(
        select(
            HouseRulesVersion.version,
            HouseRulesVersion.created_at,
            Person.name,
            HouseRulesVersion.data,
        )
        .outerjoin(Person, Person.id == HouseRulesVersion.created_by_id)
        .where(
            HouseRulesVersion.site_id == site_id,
            HouseRulesVersion.level == level.value,
            HouseRulesVersion.key == key,
        )
        .order_by(HouseRulesVersion.version.desc())
        .limit(limit)
    )
    return [OldVersion(version, at, name or "", data) for version, at, name, data in rows]


def machine_of(level: Level, key: str) -> str:
    """Return the slug of the machine that a level is about, empty when it is about several."""
    if level is Level.MACHINE:
        return key
    names = dict(_names_in(level.value, key))
    return names.get(Level.MACHINE.value, "")


def category_of(session: Session, machine: str) -> str:
    """Return the slug of a machine's category, empty when there is no such machine."""
    return session.scalar(_machines().where(Bookable.slug == machine)) or ""


def own_problems(data: Mapping[str, Any], below: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return what is wrong with what a level says, each key named by its place in the level."""
    tables = merged_levels([below, data]).get("timetables", {})
    try:
        read_rules({**data, "timetables": tables} if tables else data, whole=False)
    except Invalid as error:
        return error.problems
    return ()


def level_problems(
    session: Session, site_id: int, level: Level, key: str, data: Mapping[str, Any]
) -> tuple[Problem, ...]:
    """Return what is wrong with a level, by itself or over those below it."""
    category = category_of(session, machine) if (machine := machine_of(level, key)) else ""
    below = site_rules(session, site_id).below(level, key, category=category)
    if problems := own_problems(data, below):
        return problems
    try:
        read_rules(merged_levels([below, data]), whole=level is not Level.PLAN)
    except Invalid as error:
        return error.problems
    return ()


def draft_problems(
    session: Session, site_id: int, level: Level, key: str, data: Mapping[str, Any]
) -> tuple[Problem, ...]:
    """Return why a level could not say this: by itself, or because another would contradict."""
    if problems := level_problems(session, site_id, level, key, data):
        return problems
    return new_misfits(session, site_id, {(level.value, key): data})


def new_misfits(session: Session, site_id: int, changed: Levels) -> tuple[Problem, ...]:
    """Return the contradictions that are not there yet and would come with these levels."""
    before = site_rules(session, site_id).levels
    if not (found := misfits(session, site_id, {**before, **changed})):
        return ()
    known = misfits(session, site_id, before)
    return tuple(problem for problem in found if problem not in known)


def misfits(session: Session, site_id: int, levels: Levels) -> list[Problem]:
    """Return names that are not the site's, and contradictions on its machines, by place."""
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
    return problems


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


def rules_in_force(
    session: Session, site_id: int, revision: int, *, category: str, machine: str, plan: str = ""
) -> HouseRules:
    """Return the rules for a machine; costs no query while the site's revision stands."""
    return remembered(
        session,
        ("house rules", site_id, revision, category, machine, plan),
        lambda: levels_in_force(session, site_id, revision).of(
            category=category, machine=machine, plan=plan
        ),
    )


def asks_for_holidays(
    session: Session, site_id: int, revision: int, *, category: str, machine: str, plan: str = ""
) -> bool:
    """Say whether the rules for a machine depend on which days are public holidays.

    Most do not, and then nobody has to know them. Costs no query while the revision stands.
    """
    key = {"category": category, "machine": machine, "plan": plan}
    return remembered(
        session,
        ("asks for holidays", site_id, revision, category, machine, plan),
        lambda: _asks_for_holidays(rules_in_force(session, site_id, revision, **key)),
    )


def _asks_for_holidays(rules: HouseRules) -> bool:
    return bool(
        rules.notice_working_days
        or rules.cancel_notice_working_days
        or any(limit.unit is Unit.WORKING_DAYS for limit in rules.limits)
        or any(timetable.holidays is not Holidays.AS_USUAL for timetable in rules.timetables)
    )


def levels_in_force(session: Session, site_id: int, revision: int) -> SiteRules:
    """Return all levels of the site's rules, read once while the site's revision stands."""
    return remembered(
        session, ("rules of all levels", site_id, revision), lambda: site_rules(session, site_id)
    )


def site_rules(session: Session, site_id: int) -> SiteRules:
    """Return the newest version of every level of the site."""
    newest = (
        select(
            HouseRulesVersion.level,
            HouseRulesVersion.key,
            func.max(HouseRulesVersion.version).label("version"),
        )
        .where(HouseRulesVersion.site_id == site_id)
        .group_by(HouseRulesVersion.level, HouseRulesVersion.key)
        .subquery()
    )
    rows = session.execute(
        select(HouseRulesVersion.level, HouseRulesVersion.key, HouseRulesVersion.data)
        .join(
            newest,
            (newest.c.level == HouseRulesVersion.level)
            & (newest.c.key == HouseRulesVersion.key)
            & (newest.c.version == HouseRulesVersion.version),
        )
        .where(HouseRulesVersion.site_id == site_id)
    )
    return SiteRules({(level, key): data for level, key, data in rows})
