"""All that the booking rules need to know, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from labops.domain.house_rules.values import HouseRules
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedDays:
    """One certification's first and last day, both included; open-ended without a last."""

    starts_on: date
    ends_on: date | None

    def covers(self, day: date) -> bool:
        """Say whether it is valid on the day."""
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """One wished-for machine, the rules in force for it, and whether it is free."""

    id: int
    slug: str
    category: str
    state: str
    rules: HouseRules
    free: bool
    certification_needed: bool = False
    certified: tuple[CertifiedDays, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """The person who wants to book, as this site knows her."""

    is_member: bool
    suspended_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBooking:
    """One of the person's bookings that count: its machines by id with their categories."""

    slot: Interval
    site_id: int
    machines: tuple[tuple[int, str], ...]
    is_open: bool
    uses_now_or_later: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFacts:
    """A wish and everything around it. `previous` is the slot of a booking being moved."""

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
    walk_in: bool = False

    @property
    def keeps_its_start(self) -> bool:
        """Say whether a booking is only made longer or shorter at its end."""
        return self.previous is not None and self.previous.starts_at == self.slot.starts_at

    @property
    def day(self) -> date:
        """Return the local date on which the slot starts."""
        return self.slot.starts_at.astimezone(self.zone).date()
