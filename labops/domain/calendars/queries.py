"""Reads of feeds and of what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import BookingState
from labops.domain.calendars.models import Feed
from labops.domain.machines.models import Machine
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.kernel.ids import digest
from labops.kernel.prepared import Prepared

PAST = timedelta(days=60)
FUTURE = timedelta(days=400)
TOMBSTONE = timedelta(days=30)
MOST_EVENTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFeed:
    """A feed as it is asked for, with what decides whether its body changed."""

    id: int
    uid: str
    person_id: int
    person_name: str
    language: str
    revision: int
    sites_revision: int
    polled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBooking:
    """What a calendar shows of one booking."""

    uid: str
    sequence: int
    created_at: datetime
    revised_at: datetime
    starts_at: datetime
    ends_at: datetime
    state: str
    note: str
    site_name: str
    site_address: str
    zone: str
    machine_names: tuple[str, ...]


# Calendars ask for this all day long.
_feed, _person = Feed.__table__.c, Person.__table__.c
# Each number only grows, so their sum changes whenever a site or a machine is renamed.
_SITES_REVISION = select(func.sum(Site.__table__.c.revision)).scalar_subquery()
_LIVE = Prepared(
    select(
        _feed.id,
        _feed.uid,
        _feed.person_id,
        _person.name.label("person_name"),
        _person.language,
        _person.bookings_revision.label("revision"),
        _SITES_REVISION.label("sites_revision"),
        _feed.polled_at,
    )
    .join_from(Feed.__table__, Person.__table__, _person.id == _feed.person_id)
    .where(_feed.secret_digest == bindparam("secret_digest"), _feed.revoked_at.is_(None))
)


def live_feed(session: Session, secret: str) -> LiveFeed | None:
    """Return the feed of a secret in one statement; `None` when unknown or revoked."""
    row = _LIVE.row(session, {"secret_digest": digest(secret)})
    return LiveFeed(**row._asdict()) if row else None


def feed_bookings(session: Session, person_id: int, *, now: datetime) -> list[FeedBooking]:
    """Return the person's bookings of the last 60 and next 400 days, cancelled ones for 30 more.

    The latest 2,000 at most: a client that is far behind loses the oldest first.
    """
    gone = (BookingState.CANCELLED, BookingState.MISSED, BookingState.REJECTED)
    rows = session.execute(
        select(
            Booking.id,
            Booking.uid,
            Booking.sequence,
            Booking.created_at,
            Booking.revised_at,
            Booking.starts_at,
            Booking.ends_at,
            Booking.state,
            Booking.note,
            Site.name.label("site_name"),
            Site.address.label("site_address"),
            Site.zone,
        )
        .join(Site, Site.id == Booking.site_id)
        .where(
            Booking.person_id == person_id,
            Booking.ends_at > now - PAST,
            Booking.starts_at < now + FUTURE,
            or_(
                Booking.state.not_in(gone),
                Booking.ends_at > now - TOMBSTONE,
                Booking.revised_at > now - TOMBSTONE,
            ),
        )
        .order_by(Booking.starts_at.desc(), Booking.id.desc())
        .limit(MOST_EVENTS)
    ).all()
    names = _machine_names(session, [row.id for row in rows])
    found = []
    for row in reversed(rows):
        values = dict(row._mapping)
        found.append(FeedBooking(machine_names=names.get(values.pop("id"), ()), **values))
    return found


def of_person(session: Session, person_id: int) -> list[Feed]:
    """Return the person's feeds that answer."""
    return list(
        session.scalars(
            select(Feed)
            .where(Feed.person_id == person_id, Feed.revoked_at.is_(None))
            .order_by(Feed.created_at)
        )
    )


def by_uid(session: Session, uid: str) -> Feed | None:
    """Return a feed by its public identifier."""
    return session.scalar(select(Feed).where(Feed.uid == uid))


def by_secret(session: Session, secret: str) -> Feed | None:
    """Return a feed by its secret."""
    return session.scalar(select(Feed).where(Feed.secret_digest == digest(secret)))


def _machine_names(session: Session, booking_ids: list[int]) -> dict[int, tuple[str, ...]]:
    if not booking_ids:
        return {}
    rows = session.execute(
        select(BookingBookable.booking_id, Machine.name)
        .join(Machine, Machine.id == BookingBookable.bookable_id)
        .where(BookingBookable.booking_id.in_(booking_ids))
        .order_by(Machine.id)
    )
    names: dict[int, tuple[str, ...]] = {}
    for booking_id, name in rows:
        names[booking_id] = (*names.get(booking_id, ()), name)
    return names
