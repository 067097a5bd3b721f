"""Reads behind mails: to whom, about what, and how many still wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.machines.models import Machine
from labops.domain.people.models import Account, Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel.outbox import OutboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a mail is for. Links are made for the account at its present revision."""

    account_id: int
    name: str
    email: str
    language: str
    confirmed: bool
    credentials_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBooking:
    """What a mail says of a booking as it stands now."""

    uid: str
    state: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    check_in_by: datetime
    site_name: str
    site_address: str
    site_city: str
    site_email: str
    zone: str
    names: tuple[str, ...]
    owner: Addressee | None
    decide_by: datetime | None
    decision_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxState:
    """How many facts wait to be told, since when the oldest, and how many never will be."""

    waiting: int
    oldest_at: datetime | None
    given_up: int


_ADDRESSEE = (
    Account.id.label("account_id"),
    Person.name,
    Account.email,
    Person.language,
    Account.email_confirmed_at.is_not(None).label("confirmed"),
    Account.credentials_revision,
)


def addressee(session: Session, account_id: int) -> Addressee | None:
    """Return whom a mail about the account is for; `None` when it is gone."""
    row = session.execute(
        select(*_ADDRESSEE)
        .join(Person, Person.id == Account.person_id)
        .where(Account.id == account_id)
    ).one_or_none()
    return Addressee(**row._mapping) if row else None


def told_booking(session: Session, uid: str) -> ToldBooking | None:
    """Return the booking as a mail tells it; its owner is `None` without an account."""
    row = session.execute(
        select(Booking, Site)
        .join(Site, Site.id == Booking.site_id)
        .where(Booking.uid == uid)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    booking, site = row
    names = session.scalars(
        select(Bookable.name)
        .join(BookingBookable, BookingBookable.bookable_id == Bookable.id)
        .where(BookingBookable.booking_id == booking.id)
        .order_by(Bookable.id)
    )
    account_id = session.scalar(select(Account.id).where(Account.person_id == booking.person_id))
    return ToldBooking(
        uid=booking.uid,
        state=booking.state,
        sequence=booking.sequence,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        check_in_by=booking.check_in_by,
        site_name=site.name,
        site_address=site.address,
        site_city=site.city,
        site_email=site.email,
        zone=site.zone,
        names=tuple(names),
        owner=addressee(session, account_id) if account_id is not None else None,
        decide_by=booking.decide_by,
        decision_reason=booking.decision_reason,
    )


def addressee_of(session: Session, person_uid: str) -> Addressee | None:
    """Return whom a mail to the person is for; `None` without an account."""
    account_id = session.scalar(
        select(Account.id)
        .join(Person, Person.id == Account.person_id)
        .where(Person.uid == person_uid)
    )
    return addressee(session, account_id) if account_id is not None else None


def like_booking(session: Session, uid: str) -> tuple[str, str] | None:
    """Return the slug of the booking's site and the process of its first machine."""
    row = session.execute(
        select(Site.slug, Machine.process)
        .join(Booking, Booking.site_id == Site.id)
        .join(BookingBookable, BookingBookable.booking_id == Booking.id)
        .join(Machine, Machine.id == BookingBookable.bookable_id)
        .where(Booking.uid == uid)
        .order_by(Machine.id)
        .limit(1)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def common_zone(session: Session) -> str:
    """Return the zone that every site shares, for mails about no site in particular; else UTC."""
    zones = session.scalars(select(Site.zone).distinct().limit(2)).all()
    return zones[0] if len(zones) == 1 else "UTC"


def outbox_state(session: Session) -> OutboxState:
    """Return how the outbox stands."""
    waiting, oldest_at = session.execute(
        select(func.count(), func.min(OutboxMessage.recorded_at)).where(
            OutboxMessage.delivered_at.is_(None), OutboxMessage.given_up_at.is_(None)
        )
    ).one()
    given_up = session.scalar(
        select(func.count()).where(
            OutboxMessage.delivered_at.is_(None), OutboxMessage.given_up_at.is_not(None)
        )
    )
    return OutboxState(waiting=waiting, oldest_at=oldest_at, given_up=given_up or 0)
