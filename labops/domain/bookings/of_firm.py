"""What was booked under a firm's name, for who speaks for the firm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.firms.models import Firm
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable

MOST_LISTED = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmBooking:
    """A booking as the firm sees it: which machines, when, by whom."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    state: str
    machine_names: tuple[str, ...]
    site_name: str
    zone: str
    person_name: str


def bookings_of(session: Session, firm_id: int, *, since: datetime) -> Sequence[FirmBooking]:
    """Return the firm's bookings that end after the moment, the latest first."""
    page = (
        select(Booking.id)
        .where(Booking.firm_id == firm_id, Booking.ends_at > since)
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(MOST_LISTED)
        .subquery()
    )
    rows = session.execute(
        select(
            Booking.uid,
            Booking.starts_at,
            Booking.ends_at,
            Booking.state,
            Bookable.name.label("machine_name"),
            Site.name.label("site_name"),
            Site.zone,
            Person.name.label("person_name"),
        )
        .join(page, page.c.id == Booking.id)
        .join(BookingBookable, BookingBookable.booking_id == Booking.id)
        .join(Bookable, Bookable.id == BookingBookable.bookable_id)
        .join(Site, Site.id == Booking.site_id)
        .join(Person, Person.id == Booking.person_id)
        .order_by(Booking.starts_at.desc(), Booking.id.desc(), Bookable.id)
    )
    found: dict[str, FirmBooking] = {}
    for row in rows:
        values = dict(row._mapping)
        name = values.pop("machine_name")
        one = found.get(row.uid) or FirmBooking(machine_names=(), **values)
        found[row.uid] = replace(one, machine_names=(*one.machine_names, name))
    return list(found.values())


def firm_named_on(session: Session, uid: str) -> str:
    """Return the name of the firm that a booking was made for; nothing for none."""
    query = (
        select(Firm.legal_name).join(Booking, Booking.firm_id == Firm.id).where(Booking.uid == uid)
    )
    return session.scalar(query) or ""
