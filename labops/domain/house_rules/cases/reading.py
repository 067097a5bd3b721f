"""CASES.json read into values. Keys that are not known, such as remarks, are passed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from labops.domain.house_rules import atoms
from labops.domain.house_rules.atoms import Reader, Wrong, wrong
from labops.domain.house_rules.cases.pieces import (
    anything,
    from_zero,
    instant,
    known_machine,
    name_of_case,
    or_,
    person_reader,
    said,
    slot_of,
    whose,
    zone_named,
)
from labops.domain.house_rules.cases.values import (
    Action,
    Attempt,
    Case,
    CaseFile,
    CaseState,
    Existing,
)
from labops.kernel.errors import Invalid, Problem
from labops.kernel.interval import Interval


def read_cases(text: str) -> CaseFile:
    """Read a CASES.json; raises `Invalid` naming case and key of what is wrong."""
    try:
        data = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Invalid([Problem("rules.not-json", {"field": "", "why": str(error)})]) from error
    read = atoms.table(
        {
            "zone": zone_named,
            "machines": _machines,
            "holidays": or_(lambda v: frozenset(atoms.listed(atoms.day)(v)), absent=frozenset()),
            "capacity": or_(_capacity, absent=(None, {})),
            "cases": anything,
            "closures": anything,
        },
        required=["zone", "machines", "cases"],
        lenient=True,
    )
    try:
        ground = read(data)
        people, units = ground.get("capacity", (None, {}))
        zone, machines = ground["zone"], ground["machines"]
        return CaseFile(
            zone=zone,
            machines=machines,
            holidays=ground.get("holidays", frozenset()),
            people=people,
            units=units,
            closures=_closures(ground.get("closures", []), zone),
            cases=_cases(ground["cases"], zone, machines),
        )
    except Wrong as error:
        raise Invalid(error.at("")) from error


def _cases(value: Any, zone: ZoneInfo, machines: Mapping[str, str]) -> tuple[Case, ...]:
    if not isinstance(value, list):
        raise Wrong(wrong("rules.not-a-list").at("cases"))
    cases, problems = [], []
    for number, one in enumerate(value, 1):
        try:
            cases.append(_case(one, zone, machines))
        except Wrong as error:
            name = one.get("id", number) if isinstance(one, Mapping) else number
            problems += [
                Problem(problem.code, {**problem.params, "case": str(name)[:80]})
                for problem in error.at("")
            ]
    if problems:
        raise Wrong(problems)
    return tuple(cases)


def _case(value: Any, zone: ZoneInfo, machines: Mapping[str, str]) -> Case:
    at, machine = instant(zone), known_machine(machines)
    read = atoms.table(
        {
            "id": name_of_case,
            "now": at,
            "existing": or_(from_zero(_existing(at, machine)), absent=()),
            "attempt": _attempt(at, machine),
            "person": or_(person_reader(at), absent={}),
        },
        required=["id", "now", "attempt"],
        lenient=True,
    )
    found = read(value)
    existing = found.get("existing", ())
    person = found.get("person") or person_reader(at)({})
    try:
        attempt = _whole_attempt(found["attempt"], existing)
    except Wrong as error:
        raise Wrong(error.at("attempt")) from error
    return Case(id=found["id"], now=found["now"], existing=existing, attempt=attempt, person=person)


def _existing(at: Reader, machine: Reader) -> Reader:
    read = atoms.table(
        {
            "machine": machine,
            "starts_at": at,
            "ends_at": at,
            "booked_at": or_(at),
            "state": atoms.one_of(CaseState),
            "who": or_(whose, absent="me"),
            "cancelled_at": or_(at),
            "walk_in": or_(atoms.yes_or_no, absent=False),
            "people": atoms.count_above_zero,
            "firm": or_(atoms.text, absent=""),
            "project": or_(atoms.text, absent=""),
            "forgiven": atoms.yes_or_no,
            "kept": atoms.yes_or_no,
        },
        required=["machine", "starts_at", "ends_at"],
        lenient=True,
    )

    def read_existing(value: Any) -> Existing:
        found = read(value)
        slot = slot_of(found.pop("starts_at"), found.pop("ends_at"))
        return Existing(slot=slot, mine=found.pop("who", "me") != "other", **found)

    return read_existing


def _attempt(at: Reader, machine: Reader) -> Reader:
    return atoms.table(
        {
            "action": atoms.one_of(Action),
            "machine": or_(machine),
            "starts_at": or_(at),
            "ends_at": or_(at),
            "of": or_(atoms.count),
            "walk_in": or_(atoms.yes_or_no, absent=False),
            "people": atoms.count_above_zero,
            "fields": or_(said),
        },
        required=["action"],
        lenient=True,
    )


def _whole_attempt(found: dict[str, Any], existing: tuple[Existing, ...]) -> Attempt:
    """Return the attempt; what it leaves open is as in the booking that it is about."""
    action = found["action"]
    before = None if action is Action.BOOK else _booking_at(found.get("of"), existing)
    kept = {key: found[key] for key in ("walk_in", "people", "fields") if key in found}
    of = found.get("of") if before else None
    if before is not None and action is Action.CANCEL:
        return Attempt(action=action, machine=before.machine, slot=before.slot, of=of, **kept)
    whole: dict[str, Any] = {
        key: found.get(key) or (getattr(before.slot, key) if before else None)
        for key in ("starts_at", "ends_at")
    }
    whole["machine"] = found.get("machine") or (before.machine if before else None)
    if missing := [Problem("rules.missing", {"field": key}) for key in whole if not whole[key]]:
        raise Wrong(missing)
    slot = slot_of(whole["starts_at"], whole["ends_at"])
    return Attempt(action=action, machine=whole["machine"], slot=slot, of=of, **kept)


def _booking_at(index: int | None, existing: tuple[Existing, ...]) -> Existing:
    """Return the booking that is cancelled or moved: one of the person's own."""
    if index is None:
        raise Wrong(wrong("rules.missing").at("of"))
    if index >= len(existing) or not existing[index].mine:
        raise Wrong(wrong("rules.not-own-booking", index).at("of"))
    return existing[index]


def _machines(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise wrong("rules.not-a-table", value)
    return atoms.table(dict.fromkeys(value, or_(atoms.slug, absent="")))(value)


def _capacity(value: Any) -> tuple[int | None, dict[str, int]]:
    """Read how many people the space holds, or how many of each machine there are."""
    if isinstance(value, Mapping):
        return None, atoms.table(dict.fromkeys(value, atoms.count_above_zero))(value)
    return atoms.count(value), {}


def _closures(value: Any, zone: ZoneInfo) -> tuple[Interval, ...]:
    at = instant(zone)
    read = atoms.table(
        {"starts_at": at, "ends_at": at}, required=["starts_at", "ends_at"], lenient=True
    )

    def closure(one: Any) -> Interval:
        found = read(one)
        return slot_of(found["starts_at"], found["ends_at"])

    try:
        return tuple(atoms.listed(closure)(value))
    except Wrong as error:
        raise Wrong(error.at("closures")) from error
