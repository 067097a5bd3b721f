"""What stands in a feed: which bookings, in which variant, and their text as far as it is kept.

A feed reaches from 60 days before today to 400 days after, by days in UTC, so that its body is
the same all day long. The last to end come first, and of more than 2,000 bookings they stay. One
that was given up stays for 30 days after it ended or was given up, whichever is later, where one
wants to see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.calendars.queries import LiveFeed, Words
from labops.domain.calendars.selecting import Variant, statement
from labops.domain.people.models import Person
from labops.kernel.interval import Interval

PAST = timedelta(days=60)
FUTURE = timedelta(days=400)
TOMBSTONE = timedelta(days=30)
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBooking:
    """A booking as one feed shows it; `person_name` and `note` are empty where they are hidden."""

    id: int
    variant: Variant
    uid: str
    sequence: int
    created_at: datetime
    revised_at: datetime
    starts_at: datetime
    ends_at: datetime
    state: str
    note: str
    person_name: str
    site_name: str
    site_address: str
    machine_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One booking of a feed in its place; `body` is `None` when no text is kept that fits."""

    booking_id: int
    variant: Variant
    body: str | None


# What is shown as it stands in the row.
_COPIED = (
    *("id", "uid", "sequence", "created_at", "revised_at"),
    *("starts_at", "ends_at", "state", "note"),
)


def window(now: datetime) -> Interval:
    """Return the span that feeds reach over on the UTC day of `now`."""
    day = datetime.combine(now.astimezone(UTC).date(), time(), tzinfo=UTC)
    return Interval(day - PAST, day + FUTURE)


def rows_digest(session: Session, feed: LiveFeed, *, now: datetime) -> str:
    """Return what changes whenever a booking that the feed shows does, or who stands there."""
    told = statement(feed.kind, feed.show_cancelled, feed.names, "digest").scalar(
        session, _values(feed, now)
    )
    return sha256((told or "").encode()).hexdigest()


def joined(
    session: Session, feed: LiveFeed, *, language: str, stamp: str, now: datetime
) -> str | None:
    """Return all the feed's bookings in one piece, in order; `None` when some have to be made."""
    values = {**_values(feed, now), "language": language, "stamp": stamp}
    row = statement(feed.kind, feed.show_cancelled, feed.names, "joined").row(session, values)
    return row.body or "" if row.count == row.ready_count else None


def lines(
    session: Session, feed: LiveFeed, *, language: str, stamp: str, now: datetime
) -> list[Line]:
    """Return the feed's bookings in order, with the text that was kept for exactly them."""
    values = {**_values(feed, now), "language": language, "stamp": stamp}
    found = statement(feed.kind, feed.show_cancelled, feed.names, "lines")
    return [Line(row.id, Variant(row.variant), row.body) for row in found.rows(session, values)]


def bookings_of(session: Session, wanted: Sequence[Line], words: Words) -> Iterator[FeedBooking]:
    """Yield these bookings in the order of their ids, read a few hundred at a time."""
    ordered = iter(sorted(wanted, key=lambda line: line.booking_id))
    while batch := {line.booking_id: line for line in islice(ordered, AT_ONCE)}:
        ids = list(batch)
        machines: dict[int, list[str]] = {}
        pairs = select(BookingBookable.booking_id, BookingBookable.bookable_id)
        for booking_id, bookable_id in session.execute(
            pairs.where(BookingBookable.booking_id.in_(ids)).order_by(BookingBookable.bookable_id)
        ):
            machines.setdefault(booking_id, []).append(words.bookables.get(bookable_id, ""))
        found = session.execute(
            select(*(getattr(Booking, name) for name in _COPIED), Booking.site_id, Person.name)
            .join(Person, Person.id == Booking.person_id)
            .where(Booking.id.in_(ids))
            .order_by(Booking.id)
        ).all()
        for row in found:
            variant = batch[row.id].variant
            site_name, site_address = words.sites.get(row.site_id, ("", ""))
            copied = {name: getattr(row, name) for name in _COPIED}
            if variant is Variant.BUSY:
                copied["note"] = ""
            yield FeedBooking(
                variant=variant,
                person_name=row.name if variant is Variant.NAMED else "",
                site_name=site_name,
                site_address=site_address,
                machine_names=tuple(machines.get(row.id, ())),
                **copied,
            )


def _values(feed: LiveFeed, now: datetime) -> dict[str, Any]:
    span = window(now)
    return {
        "person_id": feed.person_id,
        "bookable_id": feed.bookable_id,
        "site_id": feed.site_id,
        "since": span.starts_at,
        "until": span.ends_at,
        "tombs_since": span.starts_at + PAST - TOMBSTONE,
    }
