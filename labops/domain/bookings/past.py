"""What happened at a site, as values: bookings as they were made, people, machines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.bookings.facts import CertifiedDays, HeldBooking, PersonFacts
from labops.domain.bookings.states import OPEN_STATES, QUOTA_STATES, BookingState
from labops.domain.house_rules.values import HouseRules
from labops.domain.people.ages import age_on
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PastBooking:
    """A booking as it was made, and what became of it when."""

    uid: str
    person_id: int
    site_id: int
    slot: Interval
    booked_at: datetime
    state: str
    machines: tuple[tuple[int, str], ...]
    slugs: tuple[str, ...]
    check_in_by: datetime
    checked_in_at: datetime | None = None
    finished_at: datetime | None = None
    cancelled_at: datetime | None = None
    decided_at: datetime | None = None
    cancelled_late: bool = False
    walk_in: bool = False
    people: int = 1
    fields: Mapping[str, str] | None = None

    def state_at(self, moment: datetime) -> str:
        """Return in which state it was at the moment."""
        became = self._became()
        if became is None or became <= moment:
            return self.state
        if self.checked_in_at is not None and self.checked_in_at <= moment:
            return BookingState.CHECKED_IN
        return BookingState.CONFIRMED

    def changes(self) -> tuple[datetime, ...]:
        """Return when its state changed and when its time was over; at least the latter."""
        moments = (self.checked_in_at, self._became(), self.slot.ends_at)
        return tuple(moment for moment in moments if moment is not None)

    def _became(self) -> datetime | None:
        """Return when it came into its last state; `None` for one it had from the beginning."""
        return {
            BookingState.CHECKED_IN: self.checked_in_at,
            BookingState.CANCELLED: self.cancelled_at,
            BookingState.REJECTED: self.decided_at,
            BookingState.MISSED: self.check_in_by,
            BookingState.FINISHED: self.finished_at or self.slot.ends_at,
        }.get(BookingState(self.state))

    def held_at(self, moment: datetime) -> HeldBooking | None:
        """Return what it was to other bookings at the moment; `None` when no limit counts it."""
        state = self.state_at(moment)
        late = self.cancelled_late and state == BookingState.CANCELLED
        if state not in QUOTA_STATES and not late:
            return None
        return HeldBooking(
            slot=self.slot,
            site_id=self.site_id,
            machines=self.machines,
            slugs=self.slugs,
            is_open=state in OPEN_STATES and self.slot.ends_at > moment,
            uses_now_or_later=state in OPEN_STATES,
            state=state,
            booked_at=self.booked_at,
            cancelled_late=late,
            walk_in=self.walk_in,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMachine:
    """A machine of the site, as the rules see it."""

    id: int
    slug: str
    category: str
    certification_needed: bool = False


@dataclass(frozen=True, slots=True)
class Granted:
    """A certification with the instants between which it stood."""

    category: str
    days: CertifiedDays
    granted_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ToppedUp:
    """What a person had besides a quota, and from when until when."""

    quota: str
    amount: timedelta | int
    days: CertifiedDays


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPerson:
    """What the rules ask of a person. Her plan and groups are those of today."""

    plan: str = ""
    groups: frozenset[str] = frozenset()
    born_on: date | None = None
    certified: tuple[Granted, ...] = ()
    top_ups: tuple[ToppedUp, ...] = ()

    def at(self, day: date, moment: datetime) -> PersonFacts:
        """Return the person who books at the moment for the local day."""
        certified: dict[str, tuple[CertifiedDays, ...]] = {}
        for one in self.certified:
            if one.granted_at <= moment and (one.revoked_at is None or one.revoked_at > moment):
                certified[one.category] = (*certified.get(one.category, ()), one.days)
        top_ups: dict[str, timedelta | int] = {}
        for top_up in self.top_ups:
            if top_up.days.covers(day):
                before = top_ups.get(top_up.quota)
                # Both are of one kind: counts, or lengths of time.
                top_ups[top_up.quota] = (
                    top_up.amount if before is None else before + top_up.amount  # type: ignore[operator]
                )
        return PersonFacts(
            is_member=True,
            plan=self.plan,
            groups=self.groups,
            age=None if self.born_on is None else age_on(day, self.born_on),
            certified=certified,
            top_ups=top_ups or None,
        )


RulesOf = Callable[[PastMachine, str], HouseRules]
Opening = Callable[[Interval, ZoneInfo], tuple[Interval, ...]]
Progress = Callable[[Sequence[PastBooking]], Iterable[PastBooking]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All that was read: the site's bookings to decide, and everybody's around them.

    `others` holds the same people's further bookings, also at other sites. `before` and `after`
    give the rules of a machine for a plan.
    """

    site_id: int
    zone: ZoneInfo
    decided: tuple[PastBooking, ...]
    others: tuple[PastBooking, ...]
    people: Mapping[int, PastPerson]
    machines: Mapping[int, PastMachine]
    opening: Opening
    before: RulesOf
    after: RulesOf
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A booking that the changed rules refuse: the rules by name, and why."""

    booking: PastBooking
    rules: tuple[str, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class Use:
    """How many bookings a machine had and how long, and how much of that would be refused."""

    bookings: int = 0
    time: timedelta = timedelta(0)
    refused: int = 0
    refused_time: timedelta = timedelta(0)


@dataclass(slots=True)
class Outcome:
    """What the changed rules would have made of the past.

    `known` counts bookings that today's rules refuse as well, `asked` those for which staff would
    have had to agree, which they have not to by today's rules.
    """

    looked_at: int = 0
    known: int = 0
    asked: int = 0
    refused: list[Refusal] = field(default_factory=list)
    by_machine: dict[str, Use] = field(default_factory=dict)
