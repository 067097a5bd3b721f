"""What one can ask of bookings, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from labops.kernel.idempotency import Keyed
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A wish for machines (by slug) during a slot, all or none."""

    machines: tuple[str, ...]
    slot: Interval
    note: str = ""
    override_reason: str = ""
    keyed: Keyed | None = None
    walk_in: bool = False
    for_person_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """New times or machines for a booking; what is `None` stays.

    `expected_sequence` is the revision the caller saw, when the caller says so.
    """

    uid: str
    slot: Interval | None = None
    machines: tuple[str, ...] | None = None
    override_reason: str = ""
    expected_sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtStation:
    """Where and with which nonce an act was made by scanning."""

    station_id: int
    nonce: str
