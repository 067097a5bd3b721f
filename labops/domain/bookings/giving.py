"""Use cases of offering a booking to another member: she may take it, decline it, or let it lapse.

Whoever offers names an address and never learns whether it is known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.bookings import queries
from labops.domain.bookings.events import HandOverDeclined, HandOverOffered
from labops.domain.bookings.hand_overs import is_for
from labops.domain.bookings.models import Booking, HandOver
from labops.domain.bookings.states import BookingState, Outcome
from labops.domain.people import queries as people
from labops.domain.people.addresses import normalised
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor

# Whoever keeps offering one booking to one address after another writes to strangers.
MOST_OFFERS = 10
OFFERS_WITHIN = timedelta(days=1)


def offer(uid: str, *, email: str, actor: Actor, now: datetime) -> None:
    """Offer one's coming booking to whoever has the address, in place of an earlier offer.

    Raises `NotFound` for somebody else's booking, `Invalid` for an address that cannot be one or
    is one's own, and `Refused` for a booking that has begun or is not open, and for many offers.
    """
    actor.require_write()
    address = normalised(email)
    with unit_of_work() as session:
        booking = _own_to_hand_over(session, uid, actor, now)
        own = people.account_of(session, booking.person_id)
        if own is not None and own.email == address:
            raise Invalid.field("email", "field.own-address")
        _refuse_many(session, actor, now)
        close_open(session, booking, Outcome.TAKEN_BACK, now)
        row = HandOver(
            uid=new_uid(),
            booking_id=booking.id,
            giver_id=booking.person_id,
            to_email=address,
            outcome=Outcome.OFFERED.value,
            offered_at=now,
            reason="",
        )
        session.add(row)
        outbox.record(session, HandOverOffered(hand_over_uid=row.uid), now=now)
        audit.record(session, actor, "booking.offered", f"booking:{uid}", now=now)


def take_back(uid: str, *, actor: Actor, now: datetime) -> None:
    """Close the offer of one's booking; without one nothing changes. Raises `NotFound`."""
    actor.require_write()
    with unit_of_work() as session:
        booking = queries.booking_to_change(session, uid, actor)
        ledger.lock(session, people=[booking.person_id])
        if close_open(session, booking, Outcome.TAKEN_BACK, now):
            audit.record(session, actor, "booking.offer-taken-back", f"booking:{uid}", now=now)


def decline(hand_over_uid: str, *, actor: Actor, now: datetime) -> None:
    """Say no to what one was offered; saying it again changes nothing. Raises `NotFound`."""
    actor.require_write()
    with unit_of_work() as session:
        row = offered_to(session, hand_over_uid, actor)
        booking = session.get_one(Booking, row.booking_id)
        ledger.lock(session, people=[row.giver_id])
        session.refresh(row)
        if row.outcome != Outcome.OFFERED:
            return
        close(row, Outcome.DECLINED, now)
        outbox.record(session, HandOverDeclined(hand_over_uid=row.uid), now=now)
        audit.record(session, actor, "booking.offer-declined", f"booking:{booking.uid}", now=now)


def lapse_offers(*, now: datetime, dry_run: bool = False) -> int:
    """Close offers whose booking has begun, so that no address is kept; return how many."""
    due = list(
        reading().scalars(
            select(HandOver.id)
            .join(Booking, Booking.id == HandOver.booking_id)
            .where(HandOver.outcome == Outcome.OFFERED.value, Booking.starts_at <= now)
        )
    )
    if due and not dry_run:
        with unit_of_work() as session:
            session.execute(
                update(HandOver)
                .where(HandOver.id.in_(due), HandOver.outcome == Outcome.OFFERED.value)
                .values(outcome=Outcome.LAPSED.value, closed_at=now, to_email="")
            )
    return len(due)


def _own_to_hand_over(session: Session, uid: str, actor: Actor, now: datetime) -> Booking:
    booking = queries.booking_to_change(session, uid, actor)
    ledger.lock(session, people=[booking.person_id])
    booking = queries.booking_to_change(session, uid, actor)
    if not actor.owns(booking.person_id):
        raise NotFound
    require_coming(booking, now)
    return booking


def _refuse_many(session: Session, actor: Actor, now: datetime) -> None:
    recent = session.scalars(
        select(HandOver.id)
        .where(
            HandOver.giver_id == actor.require_person(),
            HandOver.offered_at > now - OFFERS_WITHIN,
        )
        .limit(MOST_OFFERS)
    )
    if len(recent.all()) >= MOST_OFFERS:
        raise Refused([Problem("booking.many-offers", {"limit": MOST_OFFERS})])


def require_coming(booking: Booking, now: datetime) -> None:
    """Raise `Refused` unless the booking is still to come."""
    if booking.state not in {BookingState.REQUESTED, BookingState.CONFIRMED}:
        raise Refused([Problem("booking.not-open", {"state": booking.state})])
    if booking.starts_at <= now:
        raise Refused([Problem("booking.begun")])


def offered_to(session: Session, uid: str, actor: Actor) -> HandOver:
    """Return an offer to the actor; raises `NotFound` for any other."""
    row = session.scalar(select(HandOver).where(HandOver.uid == uid))
    if row is None or not is_for(session, row, actor.require_person()):
        raise NotFound
    return row


def close_open(session: Session, booking: Booking, outcome: Outcome, now: datetime) -> bool:
    """Close the booking's open offer, if it has one."""
    row = session.scalar(
        select(HandOver)
        .where(HandOver.booking_id == booking.id, HandOver.outcome == Outcome.OFFERED.value)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return False
    close(row, outcome, now)
    session.flush()  # only one offer of a booking may be open
    return True


def close(row: HandOver, outcome: Outcome, now: datetime, receiver: int | None = None) -> None:
    """Write down what became of an offer, and forget the address it was made to."""
    row.outcome, row.closed_at, row.receiver_id = outcome.value, now, receiver
    row.to_email = ""
