"""Readers of the pieces of a case: instants, machines, and what is known of the person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from labops.domain.bookings.facts import CertifiedDays, Restriction
from labops.domain.house_rules import atoms
from labops.domain.house_rules.atoms import Reader, Wrong, wrong
from labops.domain.house_rules.cases.values import CasePerson
from labops.kernel import local_time
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval

_LONG_AGO = date(1, 1, 1)
ALWAYS_CERTIFIED = (CertifiedDays(starts_on=_LONG_AGO, ends_on=None),)
_YEARS = range(1990, 2200)
_LONGEST = timedelta(days=366)


def or_(reader: Reader, *, absent: Any = None) -> Reader:
    """Return a reader that understands `null` as absent."""
    return lambda value: absent if value is None else reader(value)


def anything(value: Any) -> Any:
    """Leave a value to be read later."""
    return value


def name_of_case(value: Any) -> str | int:
    """Read the name of a case: a text or a number, given back as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or not value:
        raise wrong("rules.not-text", value)
    return value


def whose(value: Any) -> str:
    """Read whose a booking is: "other" is somebody else, anything else the person."""
    return atoms.text(value)


def said(value: Any) -> dict[str, str]:
    """Read what is said when booking."""
    if not isinstance(value, Mapping):
        raise wrong("rules.not-a-table", value)
    return {str(key): str(one) for key, one in value.items()}


def zone_named(value: Any) -> ZoneInfo:
    """Read the name of a time zone."""
    try:
        return local_time.zone(atoms.text(value))
    except ValueError as error:
        raise wrong("rules.unknown-zone", value) from error


def instant(zone: ZoneInfo) -> Reader:
    """Return a reader of instants; one without an offset is the wall clock of the zone."""

    def read(value: Any) -> datetime:
        try:
            found = datetime.fromisoformat(value)
            if found.tzinfo is None:
                found = local_time.read_local(found, zone).instant
        except (TypeError, ValueError) as error:
            raise wrong("rules.not-an-instant", value) from error
        if found.year not in _YEARS:
            raise wrong("rules.not-an-instant", value)
        return found

    return read


def slot_of(starts_at: datetime, ends_at: datetime) -> Interval:
    """Return the slot; refuses an end that does not come after the start, and years on end."""
    try:
        slot = Interval(starts_at, ends_at)
    except ValueError as error:
        raise Wrong(wrong("field.ends-before-start").at("ends_at")) from error
    if slot.length > _LONGEST:
        raise Wrong(wrong("rules.not-an-instant", ends_at.isoformat()).at("ends_at"))
    return slot


def known_machine(machines: Mapping[str, str]) -> Reader:
    """Return a reader of a machine's slug."""

    def read(value: Any) -> str:
        slug = atoms.text(value)
        if slug not in machines:
            raise wrong("rules.unknown-machine", slug)
        return slug

    return read


def from_zero(reader: Reader) -> Reader:
    """Return a reader of a list whose entries are named by the index that `of` uses."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise wrong("rules.not-a-list", value)
        problems: list[Problem] = []
        found = []
        for index, one in enumerate(value):
            try:
                found.append(reader(one))
            except Wrong as error:
                problems += error.at(f"[{index}]")
        if problems:
            raise Wrong(problems)
        return tuple(found)

    return read


def person_reader(at: Reader) -> Reader:
    read = atoms.table(
        {
            "certified": or_(_certified, absent=(False, {})),
            "age": or_(atoms.count),
            "plan": or_(atoms.text, absent=""),
            "waiver": or_(atoms.yes_or_no, absent=True),
            "groups": or_(lambda v: frozenset(atoms.slugs(v)), absent=frozenset()),
            "supervised": atoms.yes_or_no,
            "member": or_(atoms.yes_or_no, absent=True),
            "suspended_until": or_(at),
            "restrictions": atoms.listed(_restriction),
            "firm": or_(atoms.text, absent=""),
            "project": or_(atoms.text, absent=""),
            "top_ups": or_(_top_ups, absent={}),
        },
        lenient=True,
    )

    def read_person(value: Any) -> CasePerson:
        found = read(value)
        everything, days = found.pop("certified", (False, {}))
        top_ups = found.pop("top_ups", {})
        return CasePerson(certified_all=everything, certified=days, top_ups=top_ups, **found)

    return read_person


def _certified(value: Any) -> tuple[bool, dict[str, tuple[CertifiedDays, ...]]]:
    """Read true, false, a list of categories, or categories with their last day."""
    if isinstance(value, bool):
        return value, {}
    if isinstance(value, Mapping):
        found = atoms.table(dict.fromkeys(value, _certified_days))(value)
        return False, {key: days for key, days in found.items() if days}
    return False, dict.fromkeys(atoms.slugs(value), ALWAYS_CERTIFIED)


def _certified_days(value: Any) -> tuple[CertifiedDays, ...]:
    if value is None or isinstance(value, bool):
        return ALWAYS_CERTIFIED if value is not False else ()
    if isinstance(value, str) and "/" not in value:
        return (CertifiedDays(starts_on=_LONG_AGO, ends_on=atoms.day(value)),)
    first, last = atoms.days(value)
    return (CertifiedDays(starts_on=first, ends_on=last),)


def _restriction(value: Any) -> Restriction:
    read = atoms.table(
        {
            "machines": atoms.slugs,
            "categories": atoms.slugs,
            "until": or_(atoms.day),
            "reason": or_(atoms.text, absent=""),
        },
        lenient=True,
    )
    return Restriction(**read(value))


def _top_ups(value: Any) -> dict[str, timedelta | int]:
    """Read what was added to quotas by name: `{"minutes": 120}` or a number."""

    def read(one: Any) -> timedelta | int:
        if isinstance(one, Mapping):
            length: timedelta = atoms.table({"minutes": atoms.minutes}, required=["minutes"])(one)[
                "minutes"
            ]
            return length
        return atoms.count(one)

    if not isinstance(value, Mapping):
        raise wrong("rules.not-a-table", value)
    return atoms.table(dict.fromkeys(value, read))(value)
