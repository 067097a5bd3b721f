"""Readers of the larger parts of house rules: timetables, audiences, releases and their like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from labops.domain.house_rules import atoms
from labops.domain.house_rules.atoms import Reader, wrong
from labops.domain.house_rules.parts import (
    Audience,
    Charge,
    ClosedDays,
    FieldRule,
    Overnight,
    Price,
    Release,
    Strikes,
)
from labops.domain.house_rules.timetables import Holidays, Session, Timetable

Timetables = Mapping[str, Timetable]


def named(timetables: Timetables) -> Callable[[Any], Timetable]:
    """Return a reader of a timetable's name."""

    def read(value: Any) -> Timetable:
        name = atoms.text(value)
        if name not in timetables:
            raise wrong("rules.unknown-timetable", name)
        return timetables[name]

    return read


def timetable(name: str, value: Any) -> Timetable:
    """Read `{hours = [...], holidays = "off", seasons = [...]}`."""
    read = atoms.table(
        {
            "hours": atoms.weekly,
            "holidays": atoms.one_of(Holidays),
            "seasons": atoms.listed(atoms.season),
        },
        required=["hours"],
    )
    return Timetable(name=name, **read(value))


def sessions(value: Any) -> tuple[Session, ...]:
    """Read `{morning = "daily 09:00-13:00", ...}`."""
    if not isinstance(value, Mapping):
        raise wrong("rules.not-a-table", value)
    found = atoms.table(dict.fromkeys(value, atoms.weekly))(value)
    return tuple(Session(atoms.text(name), found[name]) for name in sorted(found))


def overnight(value: Any) -> Overnight | None:
    """Read the shape of bookings over midnight; an empty table switches it off."""
    if value == {}:
        return None
    read = atoms.table(
        {
            "starts_from": atoms.clock,
            "ends_by": atoms.clock,
            "shortest_minutes": atoms.minutes,
            "longest_minutes": atoms.minutes,
        },
        required=["starts_from", "ends_by"],
    )
    return Overnight(**without_units(read(value)))


def release(value: Any) -> Release:
    """Read when new days open, and which."""
    read = atoms.table(
        {
            "on": atoms.weekday,
            "on_day_of_month": atoms.count_above_zero,
            "at": atoms.clock,
            "first_day": atoms.count,
            "days": atoms.count_above_zero,
            "month": atoms.count,
        }
    )
    found = read(value)
    if ("on" in found) == ("on_day_of_month" in found):
        raise wrong("rules.one-of", choices="on, on_day_of_month")
    if ("days" in found) == ("month" in found):
        raise wrong("rules.one-of", choices="days, month")
    return Release(
        weekday=found.pop("on", None), month_day=found.pop("on_day_of_month", None), **found
    )


def closed_days(value: Any) -> ClosedDays:
    """Read a date or two."""
    return ClosedDays(*atoms.days(value))


def audience(timetables: Timetables) -> Reader:
    """Return a reader of hours that are reserved for some people."""
    read = atoms.table(
        {
            "during": named(timetables),
            "plans": atoms.slugs,
            "groups": atoms.slugs,
            "youngest": atoms.count_or_off,
            "oldest": atoms.count_or_off,
        },
        required=["during"],
    )
    return lambda value: Audience(**read(value))


def charge(value: Any) -> Charge:
    """Read what cancelling late costs."""
    read = atoms.table(
        {
            "within_minutes": atoms.minutes,
            "percent": atoms.count,
            "first_hour": atoms.yes_or_no,
        },
        required=["within_minutes"],
    )
    return Charge(**without_units(read(value)))


def strikes(value: Any) -> Strikes | None:
    """Read when missed bookings suspend; an empty table switches it off."""
    if value == {}:
        return None
    counts = ("missed", "in_days", "suspended_days")
    read = atoms.table(
        {**dict.fromkeys(counts, atoms.count_above_zero), "late_cancelled": atoms.yes_or_no},
        required=counts,
    )
    return Strikes(**read(value))


def field_rule(value: Any) -> FieldRule:
    """Read what must be said when booking."""
    read = atoms.table(
        {
            "name": atoms.slug,
            "required": atoms.yes_or_no,
            "values": atoms.listed(atoms.text),
            "excluded": atoms.listed(atoms.text),
        },
        required=["name"],
    )
    return FieldRule(**read(value))


def price(timetables: Timetables) -> Reader:
    """Return a reader of what using a machine costs."""
    read = atoms.table(
        {
            "per_hour": atoms.euro,
            "per_use": atoms.euro,
            "plans": atoms.slugs,
            "during": named(timetables),
            "included_minutes": atoms.minutes,
        }
    )
    return lambda value: Price(**without_units(read(value)))


def working_days(value: Any) -> tuple[int, ...]:
    """Read the weekdays on which people work, at least one."""
    found = tuple(sorted(set(atoms.listed(atoms.weekday)(value))))
    if not found:
        raise wrong("rules.not-a-list")
    return found


def without_units(found: dict[str, Any]) -> dict[str, Any]:
    """Return what was read by the names of fields: lengths of time know their own unit."""
    return {key.removesuffix("_minutes"): value for key, value in found.items()}
