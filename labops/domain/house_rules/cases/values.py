"""Cases as values: who has what, and what she attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from labops.domain.bookings.facts import CertifiedDays, Restriction
from labops.kernel.interval import Interval


class Action(StrEnum):
    """What a person attempts."""

    BOOK = "book"
    CANCEL = "cancel"
    MOVE = "move"


class CaseState(StrEnum):
    """Where an existing booking is; `offered` is time held for somebody on the waiting list."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    MISSED = "missed"
    REJECTED = "rejected"
    OFFERED = "offered"


HOLDING = frozenset(
    {
        CaseState.REQUESTED,
        CaseState.CONFIRMED,
        CaseState.CHECKED_IN,
        CaseState.FINISHED,
        CaseState.OFFERED,
    }
)
OPEN = HOLDING - {CaseState.FINISHED, CaseState.OFFERED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """A booking that is already there: the person's own unless `mine` is false."""

    machine: str
    slot: Interval
    booked_at: datetime | None = None
    state: CaseState = CaseState.CONFIRMED
    mine: bool = True
    cancelled_at: datetime | None = None
    walk_in: bool = False
    people: int = 1
    firm: str = ""
    project: str = ""
    forgiven: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is attempted; `of` is the index of the booking cancelled or moved."""

    action: Action
    machine: str
    slot: Interval
    of: int | None = None
    walk_in: bool = False
    people: int = 1
    fields: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePerson:
    """Who attempts it. `certified_all` stands for "certified for whatever is needed"."""

    certified_all: bool = False
    certified: Mapping[str, tuple[CertifiedDays, ...]]
    age: int | None = None
    plan: str = ""
    waiver: bool = True
    groups: frozenset[str] = frozenset()
    supervised: bool = False
    member: bool = True
    suspended_until: datetime | None = None
    restrictions: tuple[Restriction, ...] = ()
    firm: str = ""
    project: str = ""
    top_ups: Mapping[str, timedelta | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question: whether this person may do this now."""

    id: str | int
    now: datetime
    existing: tuple[Existing, ...]
    attempt: Attempt
    person: CasePerson


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """All cases of a file with the ground that they share.

    `people` is how many the space holds, `None` when nobody counts them; `units` how many of a
    machine there are, one unless named.
    """

    zone: ZoneInfo
    machines: Mapping[str, str]
    holidays: frozenset[date]
    people: int | None
    units: Mapping[str, int]
    closures: tuple[Interval, ...]
    cases: tuple[Case, ...]
