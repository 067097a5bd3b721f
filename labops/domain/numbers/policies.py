"""The formulas behind the numbers: pure sums over spans. Every one says what it counts."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.bookings.states import BookingState
from labops.kernel.interval import Interval, common

HOUR = timedelta(hours=1)
_USED = frozenset({BookingState.CHECKED_IN, BookingState.FINISHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One machine of one booking, as the database has it."""

    uid: str
    person_id: int
    site_id: int
    machine_id: int
    starts_at: datetime
    ends_at: datetime
    state: str
    walk_in: bool
    check_in_by: datetime
    checked_in_at: datetime | None
    finished_at: datetime | None
    person: str = ""
    person_uid: str = ""

    def used(self, *, now: datetime) -> Interval | None:
        """Return when the machine was in use: from check-in to finish, or until now.

        The same span that maintenance by hours counts. It never goes past the booking's end.
        """
        if self.state not in _USED or self.checked_in_at is None:
            return None
        end = min(self.finished_at or now, self.ends_at)
        return Interval(self.checked_in_at, end) if end > self.checked_in_at else None

    def came(self) -> bool:
        """Say whether somebody checked in."""
        return self.state in _USED and self.checked_in_at is not None

    def missed(self, *, now: datetime) -> bool:
        """Say whether nobody came within the grace, also when the sweep has not met it yet."""
        late = self.state == BookingState.CONFIRMED and self.check_in_by <= now
        return self.state == BookingState.MISSED or late


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineNumbers:
    """What a period says of one machine; `open` is the open time of all its units together."""

    machine_id: int
    bookings: int
    missed: int
    walk_ins: int
    used: timedelta
    used_while_open: timedelta
    open: timedelta

    @property
    def utilisation(self) -> float | None:
        """Return the part of its open time that it was in use, 0 to 1; `None` if never open.

        Busy time over the time that all servers offer: rho of queueing theory (Gross and Harris,
        Fundamentals of Queueing Theory, chapter 1), with open hours as the time on offer. Use
        outside open hours is left out of it.
        """
        return self.used_while_open / self.open if self.open else None

    @property
    def missed_share(self) -> float | None:
        """Return the part of the bookings to which nobody came; `None` without a booking.

        Missed over missed and used: cancelled bookings, and those still to come, are in neither.
        """
        return self.missed / self.bookings if self.bookings else None


def in_period(booking: Booked, period: Interval) -> bool:
    """Say whether a booking is counted in the period: it is, once, where it starts."""
    return period.starts_at <= booking.starts_at < period.ends_at


def clipped(span: Interval | None, period: Interval) -> Interval | None:
    """Return the part of the span inside the period, if there is any."""
    if span is None or not span.overlaps(period):
        return None
    return Interval(max(span.starts_at, period.starts_at), min(span.ends_at, period.ends_at))


def of_machine(
    machine_id: int,
    bookings: Iterable[Booked],
    opening: Iterable[Interval],
    period: Interval,
    *,
    capacity: int,
    now: datetime,
) -> MachineNumbers:
    """Sum up one machine; `bookings` are those of it, `opening` when its site was open.

    Bookings count where they start, hours of use where they are spent. Only open time up to now is
    on offer. Several units at once each count.
    """
    until = min(now, period.ends_at)
    offered: tuple[Interval, ...] = ()
    if until > period.starts_at:
        offered = common(opening, [Interval(period.starts_at, until)])
    starts = [one.starts_at for one in offered]
    came = missed = walk_ins = 0
    used = while_open = timedelta(0)
    for booking in bookings:
        if in_period(booking, period):
            came += booking.came()
            missed += booking.missed(now=now)
            walk_ins += booking.came() and booking.walk_in
        span = clipped(booking.used(now=now), period)
        if span:
            used += span.length
            while_open += _shared(span, offered, starts)
    return MachineNumbers(
        machine_id=machine_id,
        bookings=came + missed,
        missed=missed,
        walk_ins=walk_ins,
        used=used,
        used_while_open=while_open,
        open=sum((one.length for one in offered), timedelta(0)) * capacity,
    )


def by_hour(spans: Iterable[Interval], zone: ZoneInfo) -> dict[tuple[int, int], timedelta]:
    """Return how much of the spans fell into each hour of the week on the wall's clock.

    Keys are weekday (Monday is 0) and hour. The hour that happens twice gets both its times, the
    one that the clocks jump over none, so that the sum is always the time that really passed.
    """
    found: dict[tuple[int, int], timedelta] = {}
    for span in spans:
        for cell, length in _cut(span, zone):
            found[cell] = found.get(cell, timedelta(0)) + length
    return found


def _shared(span: Interval, offered: Sequence[Interval], starts: Sequence[datetime]) -> timedelta:
    """Return how much of the span lies in the others, sorted by start: a year has many."""
    first = max(bisect_right(starts, span.starts_at) - 1, 0)
    last = bisect_left(starts, span.ends_at)
    return sum((span.shared(one) for one in offered[first:last]), timedelta(0))


def _cut(span: Interval, zone: ZoneInfo) -> Iterator[tuple[tuple[int, int], timedelta]]:
    """Yield the pieces of a span between full hours of the wall's clock; clocks change at those."""
    at = span.starts_at
    while at < span.ends_at:
        local = at.astimezone(zone)
        gone = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        end = min(at + HOUR - gone, span.ends_at)
        yield (local.weekday(), local.hour), end - at
        at = end
