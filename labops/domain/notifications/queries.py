"""Reads behind mails: to whom, about what, and how many still wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.calendars.models import Feed
from labops.domain.machines.models import Machine
from labops.domain.notifications.kinds import KINDS, LetterKind
from labops.domain.notifications.models import Invited, LetterChoice
from labops.domain.people.models import Account, Person, RoleGrant
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel.audit import AuditEntry
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import ROLE_PERMISSIONS, SITE_ROLES, Permission, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a mail is for. Links are made for the account at its present revision."""

    account_id: int
    person_id: int
    name: str
    email: str
    language: str
    confirmed: bool
    credentials_revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBooking:
    """What a mail says of a booking as it stands now.

    `by_owner` says that its owner made the last change herself.
    """

    id: int
    uid: str
    state: str
    sequence: int
    created_at: datetime
    revised_at: datetime
    note: str
    by_owner: bool
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
    Account.person_id,
    Person.name,
    Account.email,
    Person.language,
    Account.email_confirmed_at.is_not(None).label("confirmed"),
    Account.credentials_revision,
)


# What happens at the machine is no change of the booking.
_AT_THE_MACHINE = ("booking.checked-in", "booking.finished", "booking.kept")


def addressee(session: Session, account_id: int) -> Addressee | None:
    """Return whom a mail about the account is for; `None` when it is gone."""
    return _addressee(session, Account.id == account_id)


def addressee_of(session: Session, person_uid: str) -> Addressee | None:
    """Return whom a mail to the person is for; `None` without an account."""
    return _addressee(session, Person.uid == person_uid)


def addressee_by_person(session: Session, person_id: int) -> Addressee | None:
    """Return the same by the person's id."""
    return _addressee(session, Account.person_id == person_id)


def addressee_by_email(session: Session, email: str) -> Addressee | None:
    """Return the same by the normalised address."""
    return _addressee(session, Account.email == email)


def staff_of(session: Session, site_id: int, permission: Permission) -> list[Addressee]:
    """Return who works at the site with the permission; where nobody does, who administers all."""
    roles = sorted(role for role in SITE_ROLES if permission in ROLE_PERMISSIONS[role])
    for condition in (
        (RoleGrant.site_id == site_id) & RoleGrant.role.in_(roles),
        RoleGrant.role == Role.ADMIN,
    ):
        rows = session.execute(
            select(*_ADDRESSEE)
            .join(Person, Person.id == Account.person_id)
            .where(Person.id.in_(select(RoleGrant.person_id).where(condition)))
            .order_by(Account.id)
        ).all()
        if rows:
            return [Addressee(**row._mapping) for row in rows]
    return []


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
    return ToldBooking(
        id=booking.id,
        uid=booking.uid,
        state=booking.state,
        sequence=booking.sequence,
        created_at=booking.created_at,
        revised_at=booking.revised_at,
        note=booking.note,
        by_owner=last_changed_by(session, f"booking:{booking.uid}") == booking.person_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        check_in_by=booking.check_in_by,
        site_name=site.name,
        site_address=site.address,
        site_city=site.city,
        site_email=site.email,
        zone=site.zone,
        names=tuple(names),
        owner=addressee_by_person(session, booking.person_id),
        decide_by=booking.decide_by,
        decision_reason=booking.decision_reason,
    )


def choices_of(session: Session, person_id: int) -> dict[LetterKind, str]:
    """Return what holds for each kind of letter that is not necessary, chosen or not."""
    rows = session.execute(
        select(LetterChoice.kind, LetterChoice.choice).where(LetterChoice.person_id == person_id)
    )
    chosen = {row.kind: row.choice for row in rows}
    return {
        kind: chosen[kind] if chosen.get(kind) in offer.choices else offer.choices[0]
        for kind, offer in KINDS.items()
        if not offer.necessary
    }


def feed_polled_at(session: Session, person_id: int) -> datetime | None:
    """Return when a calendar last fetched the person's own bookings by an address that works."""
    return session.scalar(
        select(func.max(Feed.polled_at)).where(
            Feed.person_id == person_id, Feed.scope == "me", Feed.revoked_at.is_(None)
        )
    )


def is_in_calendar(session: Session, person_id: int, booking_id: int) -> bool:
    """Say whether an invitation put the booking into the person's calendar."""
    return session.get(Invited, (booking_id, person_id), populate_existing=True) is not None


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


def _addressee(session: Session, which: ColumnElement[bool]) -> Addressee | None:
    row = session.execute(
        select(*_ADDRESSEE).join(Person, Person.id == Account.person_id).where(which)
    ).one_or_none()
    return Addressee(**row._mapping) if row else None


def last_changed_by(session: Session, subject: str) -> int | None:
    """Return who changed it (`noun:uid`) last; `None` when it was nobody in person."""
    return session.scalar(
        select(AuditEntry.person_id)
        .where(AuditEntry.subject == subject, AuditEntry.action.not_in(_AT_THE_MACHINE))
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
