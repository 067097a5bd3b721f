"""House rules as a value: what they can say, how levels are laid over one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any

from labops.kernel.errors import Invalid, Problem

GRIDS = (5, 10, 15, 30, 60)
LONGEST_POSSIBLE = timedelta(days=30)


class Level(StrEnum):
    """Where a rule stands; a later one wins over an earlier one."""

    SITE = "site"
    CATEGORY = "category"
    MACHINE = "machine"


class Window(StrEnum):
    """What a quota counts in: local days or local weeks (Monday to Sunday)."""

    DAY = "day"
    WEEK = "week"


class QuotaScope(StrEnum):
    """Which bookings a quota adds up."""

    MACHINE = "machine"
    CATEGORY = "category"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Quota:
    """At most so much booked time of one person in each window."""

    limit: timedelta
    window: Window
    scope: QuotaScope


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseRules:
    """The rules in force for one machine. `None` switches a limit off."""

    grid: timedelta = timedelta(minutes=30)
    shortest: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=4)
    notice: timedelta = timedelta(0)
    horizon_days: int = 14
    open_bookings: int | None = 6
    one_at_a_time: int | None = 1
    quotas: tuple[Quota, ...] = ()
    cancel_notice: timedelta = timedelta(0)
    early_check_in: timedelta = timedelta(minutes=15)
    grace: timedelta = timedelta(minutes=15)
    unattended: bool = False


# How each field is spelled in data: its name there, and the unit it is counted in.
_MINUTES = {
    "grid_minutes": "grid",
    "shortest_minutes": "shortest",
    "longest_minutes": "longest",
    "notice_minutes": "notice",
    "cancel_notice_minutes": "cancel_notice",
    "early_check_in_minutes": "early_check_in",
    "grace_minutes": "grace",
}
_COUNTS = {"horizon_days", "open_bookings", "one_at_a_time"}
_MAY_BE_OFF = {"open_bookings", "one_at_a_time"}
KNOWN_KEYS = frozenset({*_MINUTES, *_COUNTS, "quotas", "unattended"})


def laid_over(levels: Iterable[Mapping[str, Any]]) -> HouseRules:
    """Return the rules that the levels give together; a later level wins key by key."""
    data: dict[str, Any] = {}
    for level in levels:
        data.update(level)
    return read_rules(data)


def read_rules(data: Mapping[str, Any]) -> HouseRules:
    """Read rules from plain data (TOML or JSON); raises `Invalid` naming each wrong key."""
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    for key, value in data.items():
        try:
            name, read = _read_one(key, value)
        except ValueError as error:
            problems.append(Problem(str(error), {"field": key, "value": str(value)}))
        else:
            values[name] = read
    if not problems:
        rules = HouseRules(**values)
        problems = _contradictions(rules)
    if problems:
        raise Invalid(problems)
    return rules


def write_rules(rules: HouseRules) -> dict[str, Any]:
    """Return the rules as plain data that `read_rules` gives back unchanged."""
    data: dict[str, Any] = {
        key: int(getattr(rules, name).total_seconds() // 60) for key, name in _MINUTES.items()
    }
    data |= {name: getattr(rules, name) or 0 for name in sorted(_COUNTS)}
    data["unattended"] = rules.unattended
    data["quotas"] = [
        {
            "minutes": int(quota.limit.total_seconds() // 60),
            "window": str(quota.window),
            "scope": str(quota.scope),
        }
        for quota in rules.quotas
    ]
    return data


def _read_one(key: str, value: Any) -> tuple[str, Any]:
    if key in _MINUTES:
        return _MINUTES[key], timedelta(minutes=_count(value))
    if key in _COUNTS:
        count = _count(value)
        return key, None if count == 0 and key in _MAY_BE_OFF else count
    if key == "unattended":
        if not isinstance(value, bool):
            raise ValueError("rules.not-yes-or-no")
        return key, value
    if key == "quotas":
        return key, _read_quotas(value)
    raise ValueError("rules.unknown-key")


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("rules.not-a-count")
    return value


def _read_quotas(value: Any) -> tuple[Quota, ...]:
    if not isinstance(value, list):
        raise ValueError("rules.not-a-list")
    quotas = []
    for entry in value:
        if not isinstance(entry, Mapping) or set(entry) != {"minutes", "window", "scope"}:
            raise ValueError("rules.wrong-quota")
        try:
            window, scope = Window(entry["window"]), QuotaScope(entry["scope"])
        except ValueError as error:
            raise ValueError("rules.wrong-quota") from error
        quotas.append(Quota(timedelta(minutes=_count(entry["minutes"])), window, scope))
    return tuple(quotas)


def _contradictions(rules: HouseRules) -> list[Problem]:
    problems = []
    if rules.grid not in {timedelta(minutes=minutes) for minutes in GRIDS}:
        problems.append(Problem("rules.wrong-grid", {"field": "grid_minutes"}))
    if not timedelta(0) < rules.shortest <= rules.longest:
        problems.append(Problem("rules.shortest-above-longest", {"field": "shortest_minutes"}))
    if rules.longest > LONGEST_POSSIBLE:
        problems.append(Problem("rules.longest-too-long", {"field": "longest_minutes"}))
    return problems


assert {field.name for field in fields(HouseRules)} == {  # noqa: S101 - a field without spelling
    *_MINUTES.values(),
    *_COUNTS,
    "quotas",
    "unattended",
}
