"""An offer together with its wish and machines, and what it takes to change it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings import granting
from labops.domain.bookings.wanted import WantedMachine, Wish, machines_by_id
from labops.domain.waiting.models import Offer, OfferBookable, WaitingWish
from labops.domain.waiting.states import OfferState
from labops.kernel import ledger
from labops.kernel.errors import NotFound, Problem, Refused


@dataclass(frozen=True, slots=True)
class HeldOffer:
    """An offer, the wish it answers, and its machines."""

    offer: Offer
    wish: WaitingWish
    machines: list[WantedMachine]

    @property
    def owner(self) -> ledger.Owner:
        """Return as whom the offer claims time."""
        return owner_of(self.offer.id)

    def booking(self, now: datetime) -> Wish:
        """Return the wish for the booking that the offer is to become."""
        return Wish(
            person_id=self.wish.person_id,
            machines=self.machines,
            slot=self.offer.slot,
            now=now,
            people=self.wish.people_count,
            fields=self.wish.fields,
            offered=self.owner,
        )


def owner_of(offer_id: int) -> ledger.Owner:
    """Return as whom an offer claims time."""
    return ledger.Owner(ledger.OwnerKind.OFFER, offer_id)


def read(session: Session, uid: str) -> HeldOffer:
    """Return an offer as it stands; raises `NotFound`."""
    row = session.execute(
        select(Offer, WaitingWish)
        .join(WaitingWish, WaitingWish.id == Offer.wish_id)
        .where(Offer.uid == uid)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    ids = session.scalars(
        select(OfferBookable.bookable_id)
        .where(OfferBookable.offer_id == row[0].id)
        .order_by(OfferBookable.bookable_id)
    ).all()
    return HeldOffer(row[0], row[1], machines_by_id(session, ids))


def locked(session: Session, uid: str, now: datetime) -> HeldOffer:
    """Return an offer while nobody else can answer it or claim time on its machines."""
    held = read(session, uid)
    granting.lock(session, held.booking(now))
    session.refresh(held.offer)
    session.refresh(held.wish)
    return held


def require_open(offer: Offer, now: datetime) -> None:
    """Raise `Refused` with `offer.over` unless the offer can still be answered."""
    if offer.state != OfferState.HELD or offer.answer_by <= now:
        state = OfferState.LAPSED if offer.state == OfferState.HELD else OfferState(offer.state)
        raise Refused([Problem("offer.over", {"state": state.value})])
