"""Use cases of offers: accepted, an offer becomes a booking; declined, its time goes to the next.

Each answer is looked at twice: by a plain read, so that what comes too late takes no lock, and
again under the locks, where one of two answers given at the same moment finds the other.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from labops.domain.bookings import granting
from labops.domain.bookings.commands import Book
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.models import Booking
from labops.domain.waiting import holding
from labops.domain.waiting.events import OfferAccepted, OfferDeclined
from labops.domain.waiting.holding import HeldOffer
from labops.domain.waiting.models import Offer
from labops.domain.waiting.states import OfferState, WishState
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor


def accept(uid: str, *, actor: Actor, now: datetime) -> str:
    """Turn an offer into a booking, by all rules, and return the booking's uid.

    Accepting twice gives the same booking. Raises `NotFound` for somebody else's offer, `Refused`
    with `offer.over` after the deadline or another answer, and with every broken rule: then the
    offer is held until its deadline all the same.
    """
    actor.require_write()
    if (booked := _answerable(reading(), _mine(reading(), uid, actor), now)) is not None:
        return booked
    with ledger.refusing_overlaps(), unit_of_work() as session:
        held = holding.locked(session, uid, now)
        if ledger.guard_is_on() and (booked := _answerable(session, held, now)) is not None:
            return booked
        ledger.release(session, held.owner)
        command = Book(
            machines=tuple(machine.slug for machine in held.machines),
            slot=held.offer.slot,
            note=held.wish.note,
            people=held.wish.people_count,
            fields=held.wish.fields,
        )
        booking_id, booking_uid = granting.book_in(
            session, command, held.booking(now), Consent(actor)
        )
        held.offer.booking_id = booking_id
        _settle(held, OfferState.ACCEPTED, WishState.TAKEN, now)
        outbox.record(session, OfferAccepted(offer_uid=uid), now=now)
        audit.record(
            session,
            actor,
            "offer.accepted",
            f"offer:{uid}",
            now=now,
            after={"booking": booking_uid},
        )
        return booking_uid


def decline(uid: str, *, actor: Actor, now: datetime) -> None:
    """Let an offer go to the next; the wish ends with it. Declining twice is the same as once.

    Raises `NotFound` for somebody else's offer and `Refused` with `offer.over` when it was
    accepted or its deadline has passed.
    """
    actor.require_write()
    if _mine(reading(), uid, actor).offer.state == OfferState.DECLINED:
        return
    holding.require_open(_mine(reading(), uid, actor).offer, now)
    with unit_of_work() as session:
        held = holding.locked(session, uid, now)
        if ledger.guard_is_on():
            if held.offer.state == OfferState.DECLINED:
                return
            holding.require_open(held.offer, now)
        ledger.release(session, held.owner)
        _settle(held, OfferState.DECLINED, WishState.WITHDRAWN, now)
        outbox.record(session, OfferDeclined(offer_uid=uid), now=now)
        audit.record(session, actor, "offer.declined", f"offer:{uid}", now=now)


def _mine(session: Session, uid: str, actor: Actor) -> HeldOffer:
    held = holding.read(session, uid)
    if not actor.owns(held.wish.person_id):
        raise NotFound
    return held


def _answerable(session: Session, held: HeldOffer, now: datetime) -> str | None:
    """Return the booking that the offer has become, if any; raises `Refused` when it is over."""
    if held.offer.state == OfferState.ACCEPTED:
        return _booking_of(session, held.offer)
    holding.require_open(held.offer, now)
    return None


def _booking_of(session: Session, offer: Offer) -> str:
    return session.get_one(Booking, offer.booking_id).uid


def _settle(held: HeldOffer, state: OfferState, wish: WishState, now: datetime) -> None:
    held.offer.state = state.value
    held.offer.answered_at = now
    held.wish.state = wish.value
    held.wish.ended_at = now
