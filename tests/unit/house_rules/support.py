"""Short ways to ask the engine one question from a piece of TOML."""

from __future__ import annotations

import json
from typing import Any

from labops.domain.house_rules.cases import Result, decide, read_cases
from labops.domain.house_rules.files import read_file

# A Monday morning in Milan.
NOW = "2026-11-23T09:00"
MACHINES = {"laser": "laser", "laser-2": "laser", "cnc": "cnc"}


def have(start: str, end: str, machine: str = "laser", **more: Any) -> dict[str, Any]:
    """Return an existing booking; a time without a day is on Tuesday."""
    return {
        "machine": machine,
        "starts_at": day(start),
        "ends_at": day(end),
        "booked_at": "2026-10-01T12:00",
        "state": "confirmed",
        **more,
    }


def day(time: str) -> str:
    return time if "T" in time else f"2026-11-24T{time}"


def ask(
    rules: str,
    start: str = "10:00",
    end: str = "11:00",
    *have_: dict[str, Any],
    now: str = NOW,
    machine: str = "laser",
    person: dict[str, Any] | None = None,
    attempt: dict[str, Any] | None = None,
    **ground: Any,
) -> Result:
    """Return what the rules say to one attempt."""
    wanted = {"action": "book", "machine": machine, "starts_at": day(start), "ends_at": day(end)}
    case = {
        "id": "one",
        "now": now,
        "existing": list(have_),
        "attempt": wanted | (attempt or {}),
        "person": {"certified": True, "age": 30, "plan": None} | (person or {}),
    }
    file = {"zone": "Europe/Rome", "machines": MACHINES, "holidays": [], "cases": [case]} | ground
    return decide(read_file(rules), read_cases(json.dumps(file)))[0]
