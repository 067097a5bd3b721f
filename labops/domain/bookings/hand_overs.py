"""Reads of offers to hand a booking over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings import listing
from labops.domain.bookings.concluding import owner_of
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.models import Booking, HandOver
from labops.domain.bookings.policies import Explained, explained
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import OPEN_STATES, BookingState, Outcome
from labops.domain.bookings.wanted import Wish, machines_of_booking
from labops.domain.people.models import Account, Person
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor

MOST_LISTED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """An offer as whoever may take it sees it: the booking without its note."""

    uid: str
    giver_name: str
    outcome: str
    booking: BookingView
    people_count: int
    fields: Mapping[str, str]
    open: bool


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """What the owner of a booking sees of her offer."""

    to_email: str
    offered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOffer:
    """An offer as a letter tells it."""

    id: int
    outcome: str
    to_email: str
    giver_id: int
    giver_name: str
    booking_uid: str


def open_offer_of(session: Session, booking_uid: str) -> OpenOffer | None:
    """Return the open offer of a booking that the actor was found to own."""
    row = session.execute(
        select(HandOver.to_email, HandOver.offered_at)
        .join(Booking, Booking.id == HandOver.booking_id)
        .where(Booking.uid == booking_uid, HandOver.outcome == Outcome.OFFERED.value)
    ).one_or_none()
    return OpenOffer(row[0], row[1]) if row else None


def offered_to(session: Session, actor: Actor, *, now: datetime) -> list[OfferView]:
    """Return the open offers to the actor, earliest booking first."""
    uids = session.scalars(
        select(HandOver.uid)
        .join(Booking, Booking.id == HandOver.booking_id)
        .join(Account, Account.email == HandOver.to_email)
        .where(
            Account.person_id == actor.require_person(),
            Account.email_confirmed_at.is_not(None),
            HandOver.outcome == Outcome.OFFERED.value,
            HandOver.giver_id != Account.person_id,
            Booking.starts_at > now,
            Booking.state.in_(sorted(OPEN_STATES - {BookingState.CHECKED_IN})),
        )
        .order_by(Booking.starts_at)
        .limit(MOST_LISTED)
    )
    return [one_offer(session, uid, actor, now=now) for uid in uids.all()]


def one_offer(session: Session, uid: str, actor: Actor, *, now: datetime) -> OfferView:
    """Return an offer to the actor, open or accepted by her; raises `NotFound` for any other."""
    row = session.scalar(
        select(HandOver).where(HandOver.uid == uid).execution_options(populate_existing=True)
    )
    if row is None or not is_for(session, row, actor.require_person()):
        raise NotFound
    booking = session.get_one(Booking, row.booking_id, populate_existing=True)
    giver = session.get_one(Person, row.giver_id)
    (values,) = listing.read_page(session, ("uid",), {"uid": booking.uid}, actor, limit=1)
    values.pop("id", None)
    view = BookingView(**values)
    coming = booking.state in {BookingState.REQUESTED, BookingState.CONFIRMED}
    return OfferView(
        uid=uid,
        giver_name=giver.name,
        outcome=row.outcome,
        booking=view,
        people_count=booking.people_count,
        fields=booking.fields,
        open=row.outcome == Outcome.OFFERED and coming and booking.starts_at > now,
    )


def rules_for(session: Session, uid: str, actor: Actor, *, now: datetime) -> tuple[Explained, ...]:
    """Return what every rule says to the actor's taking an offer that was found to be hers."""
    booking = session.scalars(
        select(Booking)
        .join(HandOver, HandOver.booking_id == Booking.id)
        .where(HandOver.uid == uid)
        .execution_options(populate_existing=True)
    ).one()
    wish = wish_of_receiver(session, booking, actor.require_person(), now=now)
    return explained(gather_facts(session, wish))


def is_for(session: Session, row: HandOver, person_id: int) -> bool:
    """Say whether the person was offered this: by a confirmed address, or she had taken it."""
    if row.giver_id == person_id:
        return False
    if row.receiver_id is not None:
        return row.receiver_id == person_id
    account = session.scalar(
        select(Account.id).where(
            Account.person_id == person_id,
            Account.email == row.to_email,
            Account.email_confirmed_at.is_not(None),
        )
    )
    return account is not None


def wish_of_receiver(session: Session, booking: Booking, person_id: int, *, now: datetime) -> Wish:
    """Return the booking as a new wish of the person's, its time left out as her own."""
    return Wish(
        person_id=person_id,
        machines=machines_of_booking(session, booking.id),
        slot=booking.slot,
        now=now,
        people=booking.people_count,
        fields=booking.fields,
        offered=owner_of(booking),
    )


def told(session: Session, uid: str) -> ToldOffer | None:
    """Return an offer as letters tell it; `None` when there is none."""
    row = session.execute(
        select(
            HandOver.id,
            HandOver.outcome,
            HandOver.to_email,
            HandOver.giver_id,
            Person.name.label("giver_name"),
            Booking.uid.label("booking_uid"),
        )
        .join(Booking, Booking.id == HandOver.booking_id)
        .join(Person, Person.id == HandOver.giver_id)
        .where(HandOver.uid == uid)
    ).one_or_none()
    return ToldOffer(**row._mapping) if row else None


def uid_of(session: Session, offer_id: int) -> str:
    """Return the uid of an offer; raises `NotFound`."""
    uid = session.scalar(select(HandOver.uid).where(HandOver.id == offer_id))
    if uid is None:
        raise NotFound
    return uid
