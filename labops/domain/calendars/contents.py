"""What stands in a feed: which bookings, in which variant, and their bytes as far as they are kept.

A feed reaches from 60 days before today to 400 days after, by days in UTC, so that its body is
the same all day long; of more than 2,000 bookings the latest stay. A booking that was given up
stays for 30 days after it ended or was given up, whichever is later, where one wants to see it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import HOLDING_STATES, BookingState
from labops.domain.calendars.models import FeedFragment
from labops.domain.calendars.queries import LiveFeed, Words
from labops.domain.calendars.scopes import FeedKind
from labops.domain.people.models import Person
from labops.kernel import ledger
from labops.kernel.interval import Interval
from labops.kernel.orm import table_of
from labops.kernel.prepared import Prepared

PAST = timedelta(days=60)
FUTURE = timedelta(days=400)
TOMBSTONE = timedelta(days=30)
MOST_EVENTS = 2_000
AT_ONCE = 500
GIVEN_UP = frozenset({BookingState.CANCELLED, BookingState.MISSED, BookingState.REJECTED})


class Variant(StrEnum):
    """How much a feed tells of a booking."""

    OWN = "own"
    NAMED = "named"
    BUSY = "busy"


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
    """One booking of a feed in its place; `body` is `None` when no bytes are kept that fit."""

    booking_id: int
    site_id: int
    variant: Variant
    body: bytes | None


_booking = table_of(Booking).c
_of_booking = table_of(BookingBookable).c
_person = table_of(Person).c
_fragment = table_of(FeedFragment).c
_held = table_of(ledger.Allocation).c

_given_up = or_(*(_booking.state == state.value for state in sorted(GIVEN_UP)))
_holds_time = and_(
    or_(*(_booking.state == state.value for state in sorted(HOLDING_STATES))),
    # Whoever finished before it began held nothing in the end.
    or_(_booking.finished_at.is_(None), _booking.finished_at > _booking.starts_at),
)
_in_window = and_(_booking.ends_at > bindparam("since"), _booking.starts_at < bindparam("until"))
_remembered = and_(
    _given_up,
    or_(
        _booking.ends_at > bindparam("tombs_since"),
        func.coalesce(_booking.cancelled_at, _booking.revised_at) > bindparam("tombs_since"),
    ),
)
# The ledger knows in one step which bookings reach into a span on one machine.
_held_on_machine = _booking.id.in_(
    select(_held.owner_id).where(
        _held.bookable_id == bindparam("bookable_id"),
        _held.owner_kind == ledger.OwnerKind.BOOKING.value,
        _held.ends_at > bindparam("since"),
        _held.starts_at < bindparam("until"),
    )
)
_of_machine = exists().where(
    _of_booking.booking_id == _booking.id, _of_booking.bookable_id == bindparam("bookable_id")
)


def window(now: datetime) -> Interval:
    """Return the span that feeds reach over on the UTC day of `now`."""
    day = datetime.combine(now.astimezone(UTC).date(), time(), tzinfo=UTC)
    return Interval(day - PAST, day + FUTURE)


def rows_digest(session: Session, feed: LiveFeed, *, now: datetime) -> str:
    """Return what changes whenever a booking that the feed shows does, or who stands there."""
    rows = _statement(feed.kind, feed.show_cancelled, "digest").rows(session, _values(feed, now))
    return sha256(repr(rows).encode()).hexdigest()


def lines(
    session: Session, feed: LiveFeed, *, language: str, stamp: str, now: datetime
) -> list[Line]:
    """Return the feed's bookings by start, with the bytes that were kept for exactly them."""
    values = {**_values(feed, now), "language": language, "stamp": stamp}
    rows = _statement(feed.kind, feed.show_cancelled, "lines").rows(session, values)
    rows.sort(key=_by_start)
    return [Line(row.id, row.site_id, Variant(row.variant), row.body) for row in rows]


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
            site_name, site_address, _zone = words.sites.get(row.site_id, ("", "", ""))
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


_COPIED = (
    *("id", "uid", "sequence", "created_at", "revised_at"),
    *("starts_at", "ends_at", "state", "note"),
)


@lru_cache(maxsize=32)
def _statement(kind: FeedKind, show_cancelled: bool, purpose: str) -> Prepared:  # noqa: FBT001
    """Build the statement for `digest` or `lines`, once for each shape of feed.

    The latest to end are found by walking an index backwards, so a long history costs nothing.
    """
    variant = case(
        (_booking.person_id == bindparam("person_id"), literal(Variant.OWN.value)),
        (bindparam("names") == 1, literal(Variant.NAMED.value)),
        else_=literal(Variant.BUSY.value),
    )
    told_name = case((variant == Variant.NAMED.value, _person.name), else_=literal(""))
    order = (_booking.ends_at.desc(), _booking.id.desc())
    joined = table_of(Booking).join(table_of(Person), _person.id == _booking.person_id)
    where = and_(_in_window, _shown(kind, show_cancelled=show_cancelled))
    if purpose == "digest":
        shown = (_booking.id, _booking.sequence, _booking.revised_at, _booking.state)
        query = select(*shown, told_name.label("told_name")).select_from(joined)
        return Prepared(query.where(where).order_by(*order).limit(MOST_EVENTS))
    fits = and_(
        _fragment.booking_id == _booking.id,
        _fragment.variant == variant,
        _fragment.language == bindparam("language"),
        _fragment.sequence == _booking.sequence,
        _fragment.revised_at == _booking.revised_at,
        _fragment.stamp == bindparam("stamp"),
        _fragment.person_name == told_name,
    )
    return Prepared(
        select(
            _booking.id,
            _booking.site_id,
            _booking.starts_at,
            variant.label("variant"),
            _fragment.body,
        )
        .select_from(joined.outerjoin(table_of(FeedFragment), fits))
        .where(where)
        .order_by(*order)
        .limit(MOST_EVENTS)
    )


def _shown(kind: FeedKind, *, show_cancelled: bool) -> ColumnElement[bool]:
    if kind is FeedKind.ME:
        mine = _booking.person_id == bindparam("person_id")
        alive = or_(~_given_up, _remembered) if show_cancelled else ~_given_up
        return and_(mine, alive)
    if kind is FeedKind.SITE:
        here = _booking.site_id == bindparam("site_id")
        return and_(here, or_(_holds_time, _remembered) if show_cancelled else _holds_time)
    live = and_(_holds_time, _held_on_machine)
    return or_(live, and_(_remembered, _of_machine)) if show_cancelled else live


def _values(feed: LiveFeed, now: datetime) -> dict[str, Any]:
    span = window(now)
    return {
        "person_id": feed.person_id,
        "bookable_id": feed.bookable_id,
        "site_id": feed.site_id,
        "names": int(feed.names),
        "since": span.starts_at,
        "until": span.ends_at,
        "tombs_since": span.starts_at + PAST - TOMBSTONE,
    }


def _by_start(row: Any) -> tuple[datetime, int]:
    return row.starts_at, row.id
