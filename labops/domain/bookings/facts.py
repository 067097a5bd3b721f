"""All that the booking rules need to know, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.bookings.states import BookingState
from labops.domain.house_rules.values import HouseRules
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedDays:
    """Days on which a certification counts, both included; open-ended without a last.

    It counts for its level and those below.
    """

    starts_on: date
    ends_on: date | None
    level: int = 1

    def covers(self, day: date) -> bool:
        """Say whether it is valid on the day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceFacts:
    """How many people a space holds, and who else brings how many when."""

    capacity: int
    others: tuple[tuple[Interval, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """One wished-for machine, the rules in force for it, and whether it is free.

    The rules are those of the person's plan as well. `space` is `None` where nobody counts
    people.
    """

    id: int
    slug: str
    category: str
    state: str
    rules: HouseRules
    free: bool
    certification_needed: bool = False
    certified: tuple[CertifiedDays, ...] = ()
    space: SpaceFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """A person limited to some machines or categories, or shut out when both are empty.

    It holds for bookings before the local date `until`, or for good.
    """

    machines: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    until: date | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """The person who wants to book, as this site knows her.

    `age` is that on the day of the booking, `None` when nobody knows it. `waiver` says whether
    the waiver is signed: for a minor, by a guardian. `certified` holds further certifications by
    category; `top_ups` what was added to quotas, by their name.
    """

    is_member: bool
    suspended_until: datetime | None = None
    plan: str = ""
    groups: frozenset[str] = frozenset()
    age: int | None = None
    supervised: bool = False
    waiver: bool = True
    certified: Mapping[str, tuple[CertifiedDays, ...]] | None = None
    restrictions: tuple[Restriction, ...] = ()
    firm: str = ""
    project: str = ""
    top_ups: Mapping[str, timedelta | int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBooking:
    """A booking that counts beside the wish: its machines by id with their categories.

    `is_open` says that it has not ended and holds its time; `uses_now_or_later` that its state
    still holds time. `mine` is false for a colleague's, which only quotas of a firm or project
    count. `slugs` are the machines' in the same order.
    """

    slot: Interval
    site_id: int
    machines: tuple[tuple[int, str], ...]
    is_open: bool
    uses_now_or_later: bool
    slugs: tuple[str, ...] = ()
    state: str = ""
    booked_at: datetime | None = None
    cancelled_late: bool = False
    walk_in: bool = False
    mine: bool = True
    firm: str = ""
    project: str = ""

    @property
    def happens(self) -> bool:
        """Say whether it was or will be used: neither cancelled, nor missed, nor rejected."""
        return self.state not in _NOT_USED


_NOT_USED = frozenset({BookingState.CANCELLED, BookingState.MISSED, BookingState.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFacts:
    """A wish and everything around it. `previous` is the slot of a booking being moved.

    `previous_machines` are its machines as in `HeldBooking`, those wished for when empty;
    `previous_booked_at` is when it (or the booking being cancelled) was made.
    `people` is how many come along, the person included. `fields` is what was said besides,
    `None` where nobody is asked yet, such as for the colours of a calendar.
    """

    slot: Interval
    now: datetime
    zone: ZoneInfo
    site_id: int
    machines: tuple[MachineFacts, ...]
    person: PersonFacts
    opening: tuple[Interval, ...]
    closures: tuple[Interval, ...] = ()
    held: tuple[HeldBooking, ...] = ()
    previous: Interval | None = None
    previous_machines: tuple[tuple[int, str], ...] = ()
    previous_booked_at: datetime | None = None
    walk_in: bool = False
    holidays: frozenset[date] = frozenset()
    people: int = 1
    fields: Mapping[str, str] | None = None

    @property
    def keeps_its_start(self) -> bool:
        """Say whether a booking is only made longer or shorter at its end."""
        return self.previous is not None and self.previous.starts_at == self.slot.starts_at

    @property
    def day(self) -> date:
        """Return the local date on which the slot starts."""
        return self.slot.starts_at.astimezone(self.zone).date()

    @property
    def today(self) -> date:
        """Return the local date of `now`."""
        return self.now.astimezone(self.zone).date()
