"""Reads of the waiting list: one's own wishes, a site's list, offers and the time they hold.

Nobody but staff learns who waits: a person sees how many come before her, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.machines.models import MachineType
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.domain.waiting.line import machines_of_offers, machines_of_wishes, places
from labops.domain.waiting.models import Offer, OfferBookable, WaitingWish
from labops.domain.waiting.states import OPEN_WISHES, OfferState
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission

SHOWN_AFTERWARDS = timedelta(days=30)
MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """An offer as its person, or staff, see it."""

    uid: str
    wish_uid: str
    starts_at: datetime
    ends_at: datetime
    answer_by: datetime
    state: str
    machines: tuple[str, ...]
    machine_names: tuple[str, ...]
    site: str
    site_name: str
    site_email: str
    zone: str
    person_id: int
    person_uid: str
    booking_uid: str | None
    wish_state: str

    def is_open(self, now: datetime) -> bool:
        """Say whether it can still be answered."""
        return self.state == OfferState.HELD and now < self.answer_by


@dataclass(frozen=True, slots=True, kw_only=True)
class WishView:
    """A wish on the list. `place` is its place in line (1 is next), `None` unless it waits.

    It names machines, or a `process`, or a category by its two names.
    """

    uid: str
    state: str
    machines: tuple[str, ...]
    machine_names: tuple[str, ...]
    category_name_it: str
    category_name_en: str
    process: str
    earliest_at: datetime
    latest_at: datetime
    minutes: int
    people: int
    created_at: datetime
    site: str
    site_name: str
    zone: str
    person_name: str
    person_uid: str
    reason: str
    place: int | None
    offer: OfferView | None

    @property
    def is_open(self) -> bool:
        """Say whether it waits or holds an offer."""
        return self.state in OPEN_WISHES


def own(session: Session, actor: Actor, *, now: datetime) -> list[WishView]:
    """Return the actor's wishes, open ones first, with those that ended lately."""
    mine = WaitingWish.person_id == actor.require_person()
    lately = WaitingWish.ended_at.is_(None) | (WaitingWish.ended_at > now - SHOWN_AFTERWARDS)
    found = _wishes(session, mine, lately)
    return sorted(found, key=lambda wish: not wish.is_open)


def of_site(session: Session, site_id: int, actor: Actor) -> list[WishView]:
    """Return the open wishes of a site in their order; raises `NotFound` unless staff ask."""
    if not actor.may(Permission.BOOKING_SEE_NAMES, site_id):
        raise NotFound
    return _wishes(
        session, WaitingWish.site_id == site_id, WaitingWish.state.in_(sorted(OPEN_WISHES))
    )


def wish(session: Session, uid: str) -> WishView:
    """Return a wish for a mail, or for whoever was found to be allowed; raises `NotFound`."""
    found = _wishes(session, WaitingWish.uid == uid)
    if not found:
        raise NotFound
    return found[0]


def offer(session: Session, uid: str) -> OfferView:
    """Return an offer for its mail, or for whoever holds its link; raises `NotFound`."""
    found = _offers(session, Offer.uid == uid)
    if not found:
        raise NotFound
    return found[0]


def held_of_person(session: Session, person_id: int, *, now: datetime) -> list[OfferView]:
    """Return the offers that the person can answer now, the most urgent first."""
    return _offers(
        session,
        WaitingWish.person_id == person_id,
        Offer.state == OfferState.HELD.value,
        Offer.answer_by > now,
    )


def running_out(session: Session, site_id: int, *, now: datetime) -> list[OfferView]:
    """Return the offers of a site that wait for an answer, the most urgent first; for staff."""
    return _offers(
        session,
        WaitingWish.site_id == site_id,
        Offer.state == OfferState.HELD.value,
        Offer.answer_by > now,
    )


def held_slots(session: Session, site_id: int, window: Interval) -> dict[str, list[Interval]]:
    """Return by machine the slots in the window that are held for somebody."""
    rows = session.execute(
        select(Bookable.slug, Offer.starts_at, Offer.ends_at)
        .join(OfferBookable, OfferBookable.offer_id == Offer.id)
        .join(Bookable, Bookable.id == OfferBookable.bookable_id)
        .where(
            Offer.state == OfferState.HELD.value,
            Bookable.site_id == site_id,
            Offer.starts_at < window.ends_at,
            Offer.ends_at > window.starts_at,
        )
        .order_by(Offer.starts_at)
    )
    found: dict[str, list[Interval]] = {}
    for slug, starts_at, ends_at in rows:
        found.setdefault(slug, []).append(Interval(starts_at, ends_at))
    return found


def _offers(session: Session, *conditions: ColumnElement[bool]) -> list[OfferView]:
    rows = session.execute(
        select(Offer, WaitingWish, Site, Person.uid, Booking.uid)
        .join(WaitingWish, WaitingWish.id == Offer.wish_id)
        .join(Site, Site.id == WaitingWish.site_id)
        .join(Person, Person.id == WaitingWish.person_id)
        .outerjoin(Booking, Booking.id == Offer.booking_id)
        .where(*conditions)
        .order_by(Offer.answer_by, Offer.id)
        .execution_options(populate_existing=True)
    ).all()
    machines = machines_of_offers(session, [row[0].id for row in rows])
    return [
        OfferView(
            uid=offer.uid,
            wish_uid=wish.uid,
            starts_at=offer.starts_at,
            ends_at=offer.ends_at,
            answer_by=offer.answer_by,
            state=offer.state,
            machines=tuple(slug for _id, slug, _name in machines.get(offer.id, ())),
            machine_names=tuple(name for _id, _slug, name in machines.get(offer.id, ())),
            site=site.slug,
            site_name=site.name,
            site_email=site.email,
            zone=site.zone,
            person_id=wish.person_id,
            person_uid=person_uid,
            booking_uid=booking_uid,
            wish_state=wish.state,
        )
        for offer, wish, site, person_uid, booking_uid in rows
    ]


def _wishes(session: Session, *conditions: ColumnElement[bool]) -> list[WishView]:
    rows = session.execute(
        select(WaitingWish, Site, Person.name, Person.uid, MachineType.name_it, MachineType.name_en)
        .join(Site, Site.id == WaitingWish.site_id)
        .join(Person, Person.id == WaitingWish.person_id)
        .outerjoin(MachineType, MachineType.slug == WaitingWish.category)
        .where(*conditions)
        .order_by(WaitingWish.created_at, WaitingWish.id)
        .limit(MOST_LISTED)
        .execution_options(populate_existing=True)
    ).all()
    named = machines_of_wishes(session, [row[0].id for row in rows])
    offers = {
        held.wish_uid: held
        for held in _offers(
            session,
            Offer.wish_id.in_([row[0].id for row in rows]),
            Offer.state == OfferState.HELD.value,
        )
    }
    found_places = places(session, [row[0] for row in rows])
    return [
        WishView(
            uid=wish.uid,
            state=wish.state,
            machines=tuple(slug for _id, slug, _name in named.get(wish.id, ())),
            machine_names=tuple(name for _id, _slug, name in named.get(wish.id, ())),
            category_name_it=name_it or "",
            category_name_en=name_en or "",
            process=wish.process,
            earliest_at=wish.earliest_at,
            latest_at=wish.latest_at,
            minutes=wish.minutes,
            people=wish.people_count,
            created_at=wish.created_at,
            site=site.slug,
            site_name=site.name,
            zone=site.zone,
            person_name=person_name,
            person_uid=person_uid,
            reason=wish.reason,
            place=found_places.get(wish.id),
            offer=offers.get(wish.uid),
        )
        for wish, site, person_name, person_uid, name_it, name_en in rows
    ]
