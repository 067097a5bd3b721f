"""A need: what a request asks for, each part with the words that it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

Value = TypeVar("Value")
Size = tuple[float, ...]
"""Lengths in millimetres: two for flat work, three for bodies, the last one upwards."""


class Part(StrEnum):
    """The parts of a request that are read."""

    TITLE = "title"
    TEXT = "text"
    TRADE = "trade"


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the request: characters `start` to `stop` (exclusive) of one of its parts."""

    part: Part
    start: int
    stop: int
    words: str


@dataclass(frozen=True, slots=True)
class Read(Generic[Value]):
    """A value and the words it came from; `implied` if no word says it, but a thing or trade."""

    value: Value
    quotes: tuple[Quote, ...] = ()
    implied: bool = False


class Must(StrEnum):
    """What has to be so, or the work cannot be given away."""

    NDA = "nda"
    FOOD_CONTACT = "food_contact"
    STEP_FREE = "wheelchair"
    ON_SITE = "onsite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One piece of work: any of the processes will do, with any of the materials.

    `traits` are what machines say of themselves besides: `needles`, `max_temp_c` (at least so
    much), `finished_garments`, `threading`, `portable`, `kind` (equal).
    """

    processes: Read[tuple[str, ...]]
    materials: Read[tuple[str, ...]] = Read(())
    size: Read[Size] | None = None
    thickness_mm: Read[float] | None = None
    tolerance_mm: Read[float] | None = None
    must: bool = True
    on_site: bool = False
    engraved: bool = False
    traits: tuple[tuple[str, Read[float | bool | str]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """All that was understood of a request."""

    steps: tuple[Step, ...] = ()
    quantity: Read[int] | None = None
    due_on: Read[date] | None = None
    budget: Read[Decimal] | None = None
    services: tuple[Read[str], ...] = ()
    musts: tuple[Read[Must], ...] = ()
    excluded: tuple[Read[str], ...] = ()
    trades: tuple[str, ...] = ()
    language: str = "it"

    @property
    def must_values(self) -> frozenset[Must]:
        """Return the musts without their words."""
        return frozenset(one.value for one in self.musts)

    @property
    def service_values(self) -> frozenset[str]:
        """Return the services without their words."""
        return frozenset(one.value for one in self.services)
