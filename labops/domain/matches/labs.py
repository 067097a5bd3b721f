"""Labs and their machines, as matching looks at them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from labops.domain.matches.values import Code, Standing

_WATT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(k?)W\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One machine; lengths in millimetres, `size` None where anything fits."""

    id: str
    name: str = ""
    type: str = ""
    processes: frozenset[str] = frozenset()
    materials: frozenset[str] = frozenset()
    size: tuple[float, ...] | None = None
    thickness: Mapping[str, float] = field(default_factory=dict)
    tolerance_mm: float | None = None
    in_service: bool = True
    back_on: date | None = None
    traits: Mapping[str, float | bool | str] = field(default_factory=dict)
    verified_on: date | None = None

    @property
    def watt(self) -> float | None:
        """Return the power that the name tells."""
        found = _WATT.search(self.name)
        return float(found[1].replace(",", ".")) * (1000 if found[2] else 1) if found else None

    def works_by(self, due_on: date | None, today: date) -> bool:
        """Say whether the machine runs before the day; without one, whether it runs now."""
        if self.in_service:
            return True
        return self.back_on is not None and due_on is not None and today <= self.back_on < due_on


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A lab with all that decides about a match."""

    id: str
    name: str = ""
    standing: str = Standing.QUALIFIED
    valid_from: date | None = None
    valid_to: date | None = None
    machines: Sequence[Machine] = ()
    services: frozenset[str] = frozenset()
    trades: frozenset[str] = frozenset()
    nda: bool = False
    wheelchair: bool = False
    onsite: bool = False
    food_contact: bool = False
    lead_time_days: float = 0.0
    free_hours: float | None = None
    max_batch: int | None = None
    rate: float | None = None
    assignments: int = 0
    answered: int = 0
    asked: int = 0
    place: tuple[float, float] | None = None
    periphery: bool = False
    conflicts: frozenset[str] = frozenset()
    """Firms (by id or tax code) with which somebody of the lab has an interest."""

    @cached_property
    def by_process(self) -> Mapping[str, tuple[Machine, ...]]:
        """Return the machines of each process."""
        found: dict[str, list[Machine]] = {}
        for machine in self.machines:
            for process in machine.processes:
                found.setdefault(process, []).append(machine)
        return {process: tuple(machines) for process, machines in found.items()}

    def bar(self, today: date) -> Code | None:
        """Return why the lab may not be referred to on the day, None if it may."""
        if self.standing == Standing.EXPIRED or (
            self.valid_to is not None and self.valid_to < today
        ):
            return Code.EXPIRED
        if self.standing == Standing.SUSPENDED:
            return Code.SUSPENDED
        if self.standing == Standing.UNDER_REVIEW:
            return Code.NOT_YET_QUALIFIED
        if self.standing != Standing.QUALIFIED:
            return Code.NOT_QUALIFIED
        if self.valid_from is None or self.valid_to is None or self.valid_from > today:
            return Code.NOT_YET_QUALIFIED
        return None
