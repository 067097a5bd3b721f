"""Use cases of requested bookings: they hold their time until staff agree, or say no."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.concluding import conclude, owner_of
from labops.domain.bookings.events import BookingApproved, BookingRejected
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.granting import check_in_by
from labops.domain.bookings.models import Booking
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import WantedMachine, Wish, machines_of_booking
from labops.domain.plans import charging
from labops.kernel import ledger
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor, Permission

LONGEST_REASON = 300


def approve(uid: str, *, actor: Actor, now: datetime) -> None:
    """Agree to a requested booking; doing it again changes nothing.

    Raises `NotFound` unless the actor decides there, and `Refused` when it is not requested any
    more, or its time to be decided is over.
    """
    with unit_of_work() as session:
        booking, machines = _to_decide(session, uid, actor)
        if booking.state == BookingState.CONFIRMED and booking.decided_at is not None:
            return
        _require_undecided(booking, now)
        booking.state = BookingState.CONFIRMED
        booking.decided_at = now
        booking.decide_by = None
        wish = Wish(
            person_id=booking.person_id,
            machines=machines,
            slot=booking.slot,
            now=now,
            previous=booking,
        )
        booking.check_in_by = check_in_by(gather_facts(session, wish))
        conclude(session, booking, actor, BookingApproved, now)


def reject(uid: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Say no to a requested booking with a reason, and free its time.

    Raises `Invalid` without a reason, otherwise as `approve`.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid.field("reason", "field.required")
    with unit_of_work() as session:
        booking, machines = _to_decide(session, uid, actor)
        if booking.state == BookingState.REJECTED:
            return
        _require_undecided(booking, now)
        ledger.release(session, owner_of(booking))
        charging.refund(session, booking, machines[0].revision, now=now)
        booking.state = BookingState.REJECTED
        booking.decided_at = now
        booking.decision_reason = reason[:LONGEST_REASON]
        conclude(session, booking, actor, BookingRejected, now, reason=reason)


def _to_decide(session: Session, uid: str, actor: Actor) -> tuple[Booking, list[WantedMachine]]:
    actor.require_write()
    booking = session.scalar(
        select(Booking).where(Booking.uid == uid).execution_options(populate_existing=True)
    )
    if booking is None or not actor.may(Permission.BOOKING_APPROVE, booking.site_id):
        raise NotFound
    machines = machines_of_booking(session, booking.id)
    ledger.lock(session, people=[booking.person_id], bookables=[m.id for m in machines])
    session.refresh(booking)
    return booking, machines


def _require_undecided(booking: Booking, now: datetime) -> None:
    lapsed = booking.decide_by is not None and booking.decide_by <= now
    if booking.state != BookingState.REQUESTED or lapsed:
        state = BookingState.REJECTED if lapsed else booking.state
        raise Refused([Problem("booking.not-open", {"state": state})])
