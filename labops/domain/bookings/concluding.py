"""What every change of a booking's state leaves behind, inside its transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from labops.domain.bookings import statements
from labops.domain.bookings.events import (
    BookingApproved,
    BookingCancelled,
    BookingCheckedIn,
    BookingFinished,
    BookingKept,
    BookingMissed,
    BookingRejected,
)
from labops.domain.bookings.models import Booking
from labops.kernel import audit, ledger, outbox
from labops.kernel.permissions import Actor

StateEvent = (
    BookingApproved
    | BookingCancelled
    | BookingCheckedIn
    | BookingFinished
    | BookingKept
    | BookingMissed
    | BookingRejected
)
# A calendar shows the others as it did before.
_UNSEEN = (BookingCheckedIn, BookingFinished, BookingKept)


def conclude(
    session: Session,
    booking: Booking,
    actor: Actor,
    event: type[StateEvent],
    now: datetime,
    *,
    reason: str = "",
    action: str = "",
) -> None:
    """Write down what a change of state leaves behind: revision, message, audit entry.

    The entry's `action` is the new state unless another is named.
    """
    booking.revised_at = now
    if event not in _UNSEEN:
        booking.sequence += 1
    statements.BUMP.write(session, {"id_of_person": booking.person_id})
    outbox.record(session, event(booking_uid=booking.uid, revision=booking.sequence), now=now)
    audit.record(
        session,
        actor,
        f"booking.{action or booking.state.replace('_', '-')}",
        f"booking:{booking.uid}",
        now=now,
        after={"state": booking.state},
        reason=reason,
    )


def owner_of(booking: Booking) -> ledger.Owner:
    """Return as whom the booking claims time."""
    return ledger.Owner(ledger.OwnerKind.BOOKING, booking.id)
