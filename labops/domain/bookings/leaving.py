"""What becomes of the bookings of somebody who was erased: the coming ones are cancelled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from labops.domain.bookings.concluding import conclude, owner_of
from labops.domain.bookings.events import BookingCancelled
from labops.domain.bookings.models import Booking
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import machines_of_booking
from labops.domain.erasure.models import ErasedPerson
from labops.domain.people.models import Person
from labops.kernel import ledger
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM

_COMING = (BookingState.REQUESTED, BookingState.CONFIRMED)


def cancel_of_erased(*, now: datetime, dry_run: bool = False) -> int:
    """Cancel what erased people had booked and not begun; return how many bookings."""
    # From the few that were erased to their bookings, never the other way round.
    query = (
        select(Booking.id)
        .join(Person, Person.id == Booking.person_id)
        .join(ErasedPerson, ErasedPerson.uid == Person.uid)
        .where(Booking.state.in_(_COMING), Booking.ends_at > now)
    )
    found = reading().scalars(query).all()
    return len(found) if dry_run else sum(_cancel(booking_id, now=now) for booking_id in found)


def _cancel(booking_id: int, *, now: datetime) -> bool:
    with unit_of_work() as session:
        booking = session.get_one(Booking, booking_id, populate_existing=True)
        bookables = [machine.id for machine in machines_of_booking(session, booking_id)]
        ledger.lock(session, people=[booking.person_id], bookables=bookables)
        session.refresh(booking)
        if booking.state not in _COMING:
            return False
        ledger.release(session, owner_of(booking))
        booking.state = BookingState.CANCELLED
        booking.cancelled_at = now
        conclude(session, booking, SYSTEM, BookingCancelled, now)
        return True
