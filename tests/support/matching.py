"""Labs and needs for tests of matching, one line each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from labops.domain.matches.labs import Lab, Machine
from labops.domain.matches.matching import Asking
from labops.domain.requests.needs import Must, Need, Read, Step

TODAY = date(2026, 11, 23)
ASKING = Asking(today=TODAY, place=(45.46, 9.19), firm="IT01234567890")


def machine(process: str = "laser_cutting", *materials: str, **more: Any) -> Machine:
    """Return a machine that does one process with the materials."""
    return Machine(
        id=more.pop("id", process),
        name=more.pop("name", process),
        processes=frozenset({process}),
        materials=frozenset(materials),
        **more,
    )


def lab(name: str = "A", *machines: Machine, **more: Any) -> Lab:
    """Return a qualified lab with the machines."""
    usual: dict[str, Any] = {
        "valid_from": TODAY - timedelta(days=100),
        "valid_to": TODAY + timedelta(days=100),
        "free_hours": 100.0,
        "lead_time_days": 5,
    }
    return Lab(id=name, name=name, machines=machines, **{**usual, **more})


def step(process: str = "laser_cutting", *materials: str, **more: Any) -> Step:
    """Return a step; `size`, `thickness_mm` and `tolerance_mm` are plain values."""
    for name in ("size", "thickness_mm", "tolerance_mm"):
        if more.get(name) is not None:
            more[name] = Read(more[name])
    return Step(processes=Read(tuple(process.split())), materials=Read(materials), **more)


def need(*steps: Step, musts: tuple[Must, ...] = (), days: int | None = None, **more: Any) -> Need:
    """Return a need with the steps, due in so many days."""
    due = None if days is None else Read(TODAY + timedelta(days=days))
    quantity = more.pop("quantity", None)
    return Need(
        steps=steps,
        musts=tuple(Read(one) for one in musts),
        due_on=due,
        quantity=None if quantity is None else Read(quantity),
        services=tuple(Read(one) for one in more.pop("services", ())),
        excluded=tuple(Read(one) for one in more.pop("excluded", ())),
        **more,
    )
