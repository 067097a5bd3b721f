"""Which bookings given up late did nobody any harm: others took the time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import HOLDING_STATES
from labops.domain.bookings.wanted import machines_of_booking
from labops.domain.house_rules.queries import rules_in_force
from labops.kernel import ledger
from labops.kernel.interval import Interval, without


def taken_by_others(session: Session, *, now: datetime) -> list[int]:
    """Return bookings given up late whose whole time others have booked since, by their ids.

    Only those whose house rules forgive that; a day after their end nobody takes them any more.
    """
    late = session.scalars(
        select(Booking)
        .where(Booking.cancelled_late, Booking.ends_at > now - timedelta(days=1))
        .execution_options(populate_existing=True)
    )
    return [booking.id for booking in late if _is_taken(session, booking)]


def _is_taken(session: Session, booking: Booking) -> bool:
    machines = machines_of_booking(session, booking.id)
    for machine in machines:
        rules = rules_in_force(
            session,
            machine.site_id,
            machine.revision,
            category=machine.category,
            machine=machine.slug,
        )
        if not rules.forgiven_when_taken:
            return False
    for machine in machines:
        rows = session.execute(
            select(Booking.starts_at, Booking.ends_at)
            .join(BookingBookable, BookingBookable.booking_id == Booking.id)
            .where(
                BookingBookable.bookable_id == machine.id,
                Booking.person_id != booking.person_id,
                Booking.created_at >= booking.cancelled_at,
                Booking.starts_at < booking.ends_at,
                Booking.ends_at > booking.starts_at,
                Booking.ends_at <= booking.ends_at + ledger.LONGEST_CLAIM,
                Booking.state.in_(sorted(HOLDING_STATES)),
            )
        )
        if without([booking.slot], [Interval(row[0], row[1]) for row in rows]):
            return False
    return True
