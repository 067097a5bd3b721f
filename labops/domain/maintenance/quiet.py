"""The hour at which work on a machine disturbs least, by the demand of the recent weeks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import QUOTA_STATES
from labops.domain.closures import queries as closures
from labops.domain.machines.queries import MachineView
from labops.kernel import ledger, local_time
from labops.kernel.interval import Interval

RECENT = timedelta(weeks=4)
AHEAD = timedelta(days=14)
STEP = timedelta(hours=1)
_WEEK = timedelta(weeks=1)


def quietest(
    session: Session, machine: MachineView, length: timedelta, *, now: datetime
) -> Interval | None:
    """Return when in the next two weeks work of that length is best done; `None` when never.

    Only while the site is open. Least booked time in its way counts first, then what was booked at
    those hours of the week in the recent weeks, then the sooner the better.
    """
    zone = local_time.zone(machine.zone)
    window = Interval(now, now + AHEAD)
    open_spans = closures.open_during(
        session,
        machine.site_id,
        window,
        revision=machine.site_revision,
        zone=zone,
        space_id=machine.space_id,
    )
    claimed = ledger.busy(session, [machine.id], window.widened(before=STEP, after=_WEEK))
    rows = session.execute(
        select(Booking.starts_at, Booking.ends_at)
        .join(BookingBookable, BookingBookable.booking_id == Booking.id)
        .where(
            BookingBookable.bookable_id == machine.id,
            Booking.state.in_(sorted(QUOTA_STATES)),
            Booking.ends_at > now - RECENT,
            Booking.starts_at < now,
        )
    )
    demand = [Interval(start, end) for start, end in rows]
    found = candidates(open_spans, length, zone, now=now)
    return best_of(found, claimed[machine.id], demand, zone)


def candidates(
    open_spans: Iterable[Interval], length: timedelta, zone: ZoneInfo, *, now: datetime
) -> list[Interval]:
    """Return the spans of that length that begin at a whole local hour, inside opening hours."""
    found = []
    for span in open_spans:
        start = max(span.starts_at, now).astimezone(zone)
        if start.minute or start.second or start.microsecond:
            start = start.replace(minute=0, second=0, microsecond=0) + STEP
        at = start.astimezone(span.starts_at.tzinfo)
        while at + length <= span.ends_at:
            found.append(Interval(at, at + length))
            at += STEP
    return found


def best_of(
    found: Sequence[Interval],
    claimed: Sequence[Interval],
    demand: Sequence[Interval],
    zone: ZoneInfo,
) -> Interval | None:
    """Return the candidate with least in its way, then least demand, then the earliest."""

    def cost(span: Interval) -> tuple[timedelta, timedelta, datetime]:
        before = [_weeks_earlier(span, weeks, zone) for weeks in range(1, RECENT // _WEEK + 1)]
        usual = sum((_shared(one, demand) for one in before), timedelta(0))
        return _shared(span, claimed), usual, span.starts_at

    return min(found, key=cost, default=None)


def _weeks_earlier(span: Interval, weeks: int, zone: ZoneInfo) -> Interval:
    """Return the same local hours so many weeks before, also across a change of the clocks."""
    local = span.starts_at.astimezone(zone) - weeks * _WEEK
    start = local.astimezone(span.starts_at.tzinfo)
    return Interval(start, start + span.length)


def _shared(span: Interval, others: Sequence[Interval]) -> timedelta:
    return sum(
        (
            min(span.ends_at, one.ends_at) - max(span.starts_at, one.starts_at)
            for one in others
            if one.overlaps(span)
        ),
        timedelta(0),
    )
