"""House rules read from plain data, as TOML, JSON and the database give it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from labops.domain.house_rules import atoms, entries, limit_entries
from labops.domain.house_rules.atoms import Reader, Wrong
from labops.domain.house_rules.parts import Approval, LateCancel, StartFrom
from labops.domain.house_rules.shape import (
    GRIDS,
    LONGEST_POSSIBLE,
    NO_GRID,
    UNLIMITED,
    HouseRules,
)
from labops.domain.house_rules.timetables import Timetable
from labops.kernel.errors import Invalid, Problem

# Keys that mean something in data only, while levels are laid over one another.
_ADDED = {"add_quotas": "quotas", "add_limits": "limits"}
_MERGED = "timetables"
_START = "start_from"
Data = Mapping[str, Any]


def readers(timetables: Mapping[str, Timetable]) -> dict[str, tuple[str, Reader]]:
    """Return by key of the data which field it fills and how it is read."""
    named = entries.named(timetables)
    quotas = atoms.listed(limit_entries.quota(timetables))
    limits = atoms.listed(limit_entries.limit(timetables))
    minutes, count, count_or_off = atoms.minutes, atoms.count, atoms.count_or_off
    return {
        "grid_minutes": ("grid", minutes),
        "shortest_minutes": ("shortest", minutes),
        "longest_minutes": ("longest", minutes),
        "lengths_minutes": ("lengths", lambda v: tuple(sorted(set(atoms.listed(minutes)(v))))),
        "sessions": ("sessions", entries.sessions),
        "overnight": ("overnight", entries.overnight),
        "notice_minutes": ("notice", minutes),
        "notice_days": ("notice_days", count),
        "notice_working_days": ("notice_working_days", count),
        "notice_until": ("notice_until", _or_off(atoms.clock)),
        "horizon_days": ("horizon_days", count),
        "horizon_minutes": ("horizon", _or_off(minutes)),
        "horizon_opens": ("horizon_opens", atoms.clock),
        "horizon_days_with_approval": ("horizon_days_with_approval", count_or_off),
        "releases": ("releases", atoms.listed(entries.release)),
        "open_hours": ("open_hours", _or_off(named)),
        "closed_days": ("closed_days", atoms.listed(entries.closed_days)),
        "latest_start_minutes": ("latest_start", minutes),
        "unattended": ("unattended", atoms.yes_or_no),
        "staffed_hours": ("staffed_hours", _or_off(named)),
        "staffed_only": ("staffed_only", atoms.yes_or_no),
        "audiences": ("audiences", atoms.listed(entries.audience(timetables))),
        "setup_minutes": ("setup", minutes),
        "cleanup_minutes": ("cleanup", minutes),
        "buffers_inside": ("buffers_inside", atoms.yes_or_no),
        "gap_minutes": ("gap", minutes),
        "one_at_a_time": ("one_at_a_time", count_or_off),
        "open_bookings": ("open_bookings", count_or_off),
        "next_once_begun": ("next_once_begun", atoms.yes_or_no),
        "quotas": ("quotas", quotas),
        "add_quotas": ("quotas", quotas),
        "limits": ("limits", limits),
        "add_limits": ("limits", limits),
        "certification_needed": ("certification_needed", atoms.yes_or_no),
        "certification_level": ("certification_level", _level),
        "certifications_needed": ("certifications_needed", atoms.slugs),
        "waiver_needed": ("waiver_needed", atoms.yes_or_no),
        "youngest": ("youngest", count_or_off),
        "youngest_supervised": ("youngest_supervised", count_or_off),
        "oldest": ("oldest", count_or_off),
        "guardian_consent_below": ("guardian_consent_below", count_or_off),
        "approval": ("approval", atoms.one_of(Approval)),
        "approval_outside": ("approval_outside", _or_off(named)),
        "approval_above_minutes": ("approval_above", _or_off(minutes)),
        "approval_held_minutes": ("approval_held", minutes),
        "cancel_notice_minutes": ("cancel_notice", minutes),
        "cancel_notice_days": ("cancel_notice_days", count),
        "cancel_notice_working_days": ("cancel_notice_working_days", count),
        "cancel_until": ("cancel_until", _or_off(atoms.clock)),
        "move_notice_minutes": ("move_notice", minutes),
        "late_cancel": ("late_cancel", atoms.one_of(LateCancel)),
        "late_charges": ("late_charges", atoms.listed(entries.charge)),
        "forgiven_when_taken": ("forgiven_when_taken", atoms.yes_or_no),
        "early_check_in_minutes": ("early_check_in", minutes),
        "grace_minutes": ("grace", minutes),
        "strikes": ("strikes", entries.strikes),
        "waiting_list": ("waiting_list", atoms.yes_or_no),
        "offer_held_minutes": ("offer_held", minutes),
        "fields": ("fields", atoms.listed(entries.field_rule)),
        "prices": ("prices", atoms.listed(entries.price(timetables))),
        "working_days": ("working_days", entries.working_days),
    }


def laid_over(levels: Iterable[Data]) -> HouseRules:
    """Return the rules that the levels give together; raises `Invalid`."""
    return read_rules(merged_levels(levels))


def merged_levels(levels: Iterable[Data]) -> dict[str, Any]:
    """Return one level's data out of several; a later level wins key by key.

    Timetables win name by name. `add_quotas` and `add_limits` join what the levels before say;
    one of the same name takes its place.
    """
    data: dict[str, Any] = {}
    for level in levels:
        for key, value in _in_order(level):
            if key in _ADDED and isinstance(value, list | tuple):
                data[_ADDED[key]] = _joined(data.get(_ADDED[key]), value)
            elif key == _MERGED and isinstance(value, Mapping):
                before = data.get(key)
                data[key] = {**before, **value} if isinstance(before, Mapping) else dict(value)
            else:
                data[key] = value
    return data


def read_rules(data: Data, *, whole: bool = True) -> HouseRules:
    """Read rules from plain data; raises `Invalid` naming each wrong key.

    Data that is not `whole` waits for other levels, so it may still contradict itself.
    """
    problems: list[Problem] = []
    timetables = _timetables(data.get(_MERGED, {}), problems)
    base = _base(data, problems)
    known = readers(timetables)
    values: dict[str, Any] = {"timetables": tuple(timetables[name] for name in sorted(timetables))}
    for key, value in _in_order(data):
        if key in {_MERGED, _START}:
            continue
        try:
            if key not in known:
                raise atoms.wrong("rules.unknown-key", value)
            name, reader = known[key]
            values[name] = values.get(name, ()) + reader(value) if key in _ADDED else reader(value)
        except Wrong as error:
            problems += error.at(str(key)[: atoms.MOST_CHARACTERS])
    if not problems:
        rules = replace(base, **values)
        problems = _contradictions(rules) if whole else []
    if problems:
        raise Invalid(problems)
    return rules


def _in_order(data: Data) -> list[tuple[str, Any]]:
    """Return the keys with what is added last: a level that says both means both."""
    return sorted(data.items(), key=lambda item: item[0] in _ADDED)


def _level(value: Any) -> int:
    """Read a level of a certification; they count from one."""
    level = atoms.count(value)
    if level < 1:
        raise atoms.wrong("rules.not-a-count", value)
    return level


def _or_off(reader: Reader) -> Reader:
    """Return a reader that understands "" and 0 as switching the rule off."""
    return lambda value: None if value == "" or _is_zero(value) else reader(value)


def _is_zero(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == 0


def _joined(before: Any, added: Iterable[Any]) -> list[Any]:
    added = list(added)
    names = {one["name"] for one in added if isinstance(one, Mapping) and one.get("name")}
    kept = [
        one
        for one in (before if isinstance(before, list | tuple) else ())
        if not (isinstance(one, Mapping) and one.get("name") in names)
    ]
    return kept + added


def _base(data: Data, problems: list[Problem]) -> HouseRules:
    try:
        start = atoms.one_of(StartFrom)(data.get(_START, StartFrom.USUAL))
    except Wrong as error:
        problems += error.at(_START)
        start = StartFrom.USUAL
    return UNLIMITED if start is StartFrom.NOTHING else HouseRules()


def _timetables(data: Any, problems: list[Problem]) -> dict[str, Timetable]:
    found: dict[str, Timetable] = {}
    if not isinstance(data, Mapping):
        problems.append(Problem("rules.not-a-table", {"field": _MERGED, "value": str(data)}))
        return found
    for name, value in data.items():
        try:
            found[name] = entries.timetable(atoms.text(name), value)
        except Wrong as error:
            problems += error.at(f"{_MERGED}.{name}")
    return found


def _contradictions(rules: HouseRules) -> list[Problem]:
    problems = []
    if rules.grid not in {NO_GRID, *(timedelta(minutes=minutes) for minutes in GRIDS)}:
        problems.append(Problem("rules.wrong-grid", {"field": "grid_minutes"}))
    if not timedelta(0) < rules.shortest <= rules.longest:
        problems.append(Problem("rules.shortest-above-longest", {"field": "shortest_minutes"}))
    if max(rules.longest, *rules.lengths, timedelta(0)) > LONGEST_POSSIBLE:
        problems.append(Problem("rules.longest-too-long", {"field": "longest_minutes"}))
    if rules.staffed_only and rules.staffed_hours is None:
        problems.append(Problem("rules.missing", {"field": "staffed_hours"}))
    if rules.youngest_supervised is not None and rules.youngest is None:
        problems.append(Problem("rules.missing", {"field": "youngest"}))
    for key, names in (
        ("quotas", [quota.name for quota in rules.quotas]),
        ("limits", [limit.name for limit in rules.limits]),
    ):
        doubled = {name for name in names if name and names.count(name) > 1}
        problems += [
            Problem("rules.doubled-name", {"field": key, "name": name}) for name in sorted(doubled)
        ]
    return problems


KNOWN_KEYS = frozenset({*readers({}), _MERGED, _START})
