"""Readers of quotas and bound limits."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from labops.domain.house_rules import atoms
from labops.domain.house_rules.atoms import Reader, wrong
from labops.domain.house_rules.entries import Timetables, named, without_units
from labops.domain.house_rules.limits import (
    ALWAYS,
    Beyond,
    Exempt,
    Limit,
    LimitRule,
    Party,
    Quota,
    QuotaScope,
    Unit,
    When,
    Window,
    usual_scope,
)

_TIME = {"minutes": atoms.minutes, "hours": atoms.hours}
_ROLLING = re.compile(r"(\d{1,4}) days")

# Which amounts each bound limit may have.
_AMOUNTS: dict[LimitRule, frozenset[str]] = {
    LimitRule.SHORTEST: frozenset({"minutes", "hours"}),
    LimitRule.LONGEST: frozenset({"minutes", "hours"}),
    LimitRule.GAP: frozenset({"minutes", "hours"}),
    LimitRule.NOTICE: frozenset({"minutes", "hours", "days", "working_days"}),
    LimitRule.CANCEL_NOTICE: frozenset({"minutes", "hours", "days", "working_days"}),
    LimitRule.HORIZON: frozenset({"minutes", "hours", "days"}),
    LimitRule.OPEN_BOOKINGS: frozenset({"minutes", "hours", "bookings"}),
    LimitRule.ONE_AT_A_TIME: frozenset({"bookings"}),
    LimitRule.RUN: frozenset({"days", "working_days"}),
}


def exempt(value: Any) -> Exempt | None:
    """Read which bookings a limit spares."""
    read = atoms.table(
        {
            "same_date": atoms.yes_or_no,
            "same_date_after": atoms.clock,
            "within_minutes": atoms.minutes,
            "same_week": atoms.yes_or_no,
            "walk_in": atoms.yes_or_no,
        }
    )
    found = Exempt(**without_units(read(value)))
    return None if found == Exempt() else found


def quota(timetables: Timetables) -> Reader:
    """Return a reader of quotas."""
    read = atoms.table(
        {
            **_TIME,
            "bookings": atoms.count,
            "days": atoms.count,
            "sessions": atoms.count,
            "name": atoms.slug,
            "window": _window,
            "rolling_days": atoms.count_above_zero,
            "scope": atoms.one_of(QuotaScope),
            "week_starts": atoms.weekday,
            "missed_counts": atoms.yes_or_no,
            "late_cancelled_counts": atoms.yes_or_no,
            "sums": atoms.one_of(Party),
            **_when_readers(timetables),
        },
        required=["window", "scope"],
    )
    amounts = frozenset({"minutes", "hours", "bookings", "days", "sessions"})

    def read_quota(value: Any) -> Quota:
        found = read(value)
        found["when"] = _when(found)
        if found["when"].exempt and found.get("week_starts"):
            spared = replace(found["when"].exempt, week_starts=found["week_starts"])
            found["when"] = replace(found["when"], exempt=spared)
        unit, length, count = _amount(found, amounts)
        window, days = found.pop("window")
        days = found.pop("rolling_days", days)
        if (window is Window.ROLLING) != bool(days):
            raise wrong("rules.wrong-rolling")
        return Quota(length, window, unit=unit, count=count, rolling_days=days, **found)

    return read_quota


def limit(timetables: Timetables) -> Reader:
    """Return a reader of bound limits."""
    read = atoms.table(
        {
            **_TIME,
            "bookings": atoms.count,
            "days": atoms.count,
            "working_days": atoms.count,
            "rule": atoms.one_of(LimitRule),
            "name": atoms.slug,
            "until": atoms.clock,
            "scope": atoms.one_of(QuotaScope),
            "begun": atoms.yes_or_no,
            **_when_readers(timetables),
        },
        required=["rule"],
    )

    def read_limit(value: Any) -> Limit:
        found = read(value)
        found["when"] = _when(found)
        unit, length, count = _amount(found, _AMOUNTS[found["rule"]])
        found.setdefault("scope", usual_scope(found["rule"]))
        return Limit(unit=unit, length=length, count=count, **found)

    return read_limit


def _window(value: Any) -> tuple[Window, int]:
    """Read the name of a window, or "7 days" for a rolling one."""
    if isinstance(value, str) and (found := _ROLLING.fullmatch(value)) and int(found[1]):
        return Window.ROLLING, int(found[1])
    return atoms.one_of(Window)(value), 0


def _when_readers(timetables: Timetables) -> dict[str, Reader]:
    return {
        "during": named(timetables),
        "outside": named(timetables),
        "whole": atoms.yes_or_no,
        "categories": atoms.slugs,
        "machines": atoms.slugs,
        "plans": atoms.slugs,
        "exempt": exempt,
        "beyond": atoms.one_of(Beyond),
    }


def _when(found: dict[str, Any]) -> When:
    """Take out what binds a limit; where nothing does, it is `ALWAYS` itself, which costs least."""
    when = When(**{key: found.pop(key) for key in _when_readers({}) if key in found})
    return ALWAYS if when == ALWAYS else when


def _amount(found: dict[str, Any], allowed: frozenset[str]) -> tuple[Unit, timedelta, int]:
    """Take the one amount out of what was read: its unit, its length, its count."""
    every = {"minutes", "hours", "bookings", "days", "working_days", "sessions"}
    given = [key for key in found if key in every]
    if len(given) != 1 or given[0] not in allowed:
        raise wrong("rules.one-of", choices=", ".join(sorted(allowed)))
    value = found.pop(given[0])
    if isinstance(value, timedelta):
        return Unit.MINUTES, value, 0
    return Unit(given[0]), timedelta(0), value
