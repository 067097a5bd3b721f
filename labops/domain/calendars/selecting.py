"""Which bookings stand in a feed, as statements: one for each shape of feed and purpose."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import HOLDING_STATES, BookingState
from labops.domain.calendars.models import FeedFragment
from labops.domain.calendars.scopes import FeedKind
from labops.domain.people.models import Person
from labops.kernel import ledger
from labops.kernel.aggregates import joined_texts
from labops.kernel.orm import table_of
from labops.kernel.prepared import Prepared

MOST_EVENTS = 2_000
GIVEN_UP = frozenset({BookingState.CANCELLED, BookingState.MISSED, BookingState.REJECTED})


class Variant(StrEnum):
    """How much a feed tells of a booking."""

    OWN = "own"
    NAMED = "named"
    BUSY = "busy"


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


@lru_cache(maxsize=64)
def statement(kind: FeedKind, show_cancelled: bool, names: bool, purpose: str) -> Prepared:  # noqa: FBT001
    """Build the statement for a purpose, once for each shape of feed.

    The latest to end are found by walking an index backwards, so a long history costs nothing.
    `digest` and `joined` let the database put everything into one text: a thousand rows cost more
    on their way than all the rest.
    """
    mine, told_name, variant, source = _shape(kind, names=names)
    # In the order of the index that is walked, so that nothing has to be sorted.
    between = (_booking.starts_at,) if kind is FeedKind.SITE else ()
    order = (_booking.ends_at, *between, _booking.id)
    latest = (
        select(
            *(_booking.id, _booking.sequence, _booking.revised_at),
            *(_booking.state, variant.label("variant"), told_name.label("told_name")),
        )
        .select_from(source)
        .where(_in_window, _shown(kind, mine, show_cancelled=show_cancelled))
        .order_by(*(column.desc() for column in order))
        .limit(MOST_EVENTS)
        .subquery("latest")
    )
    shown = latest.c
    if purpose == "digest":
        told = literal("") + shown.told_name
        for column in (shown.id, shown.sequence, shown.revised_at, shown.state):
            # Names hold no control characters, so no two feeds give the same text.
            told = told + "\x1f" + cast(column, Text)
        parts = select(told.label("part")).subquery("parts")
        return Prepared(select(joined_texts(parts.c.part).label("told")))
    # A look-up for each booking, by the key: joined, a planner that knows too little of the table
    # compares each with each.
    kept = (
        select(_fragment.body)
        .where(
            _fragment.booking_id == shown.id,
            _fragment.variant == shown.variant,
            _fragment.language == bindparam("language"),
            _fragment.sequence == shown.sequence,
            _fragment.revised_at == shown.revised_at,
            _fragment.stamp == bindparam("stamp"),
            _fragment.person_name == shown.told_name,
        )
        .correlate(latest)
        .scalar_subquery()
    )
    found = select(shown.id, shown.variant, kept.label("body"))
    if purpose == "lines":
        return Prepared(found)
    whole = found.subquery("whole")
    return Prepared(
        select(
            func.count().label("count"),
            func.count(whole.c.body).label("ready_count"),
            joined_texts(whole.c.body).label("body"),
        ).select_from(whole)
    )


def _shape(
    kind: FeedKind, *, names: bool
) -> tuple[ColumnElement[bool], ColumnElement[str], ColumnElement[str], FromClause]:
    """Return what makes a booking one's own, the name that is told, the variant, the tables."""
    mine = _booking.person_id == bindparam("person_id")
    own, nobody = literal(Variant.OWN.value), literal("")
    if kind is FeedKind.ME:
        return mine, nobody, own, table_of(Booking)
    if not names:
        return mine, nobody, case((mine, own), else_=literal(Variant.BUSY.value)), table_of(Booking)
    variant = case((mine, own), else_=literal(Variant.NAMED.value))
    told_name = case((mine, nobody), else_=_person.name)
    source = table_of(Booking).join(table_of(Person), _person.id == _booking.person_id)
    return mine, told_name, variant, source


def _shown(
    kind: FeedKind, mine: ColumnElement[bool], *, show_cancelled: bool
) -> ColumnElement[bool]:
    if kind is FeedKind.ME:
        alive = or_(~_given_up, _remembered) if show_cancelled else ~_given_up
        return and_(mine, alive)
    if kind is FeedKind.SITE:
        here = _booking.site_id == bindparam("site_id")
        return and_(here, or_(_holds_time, _remembered) if show_cancelled else _holds_time)
    live = and_(_holds_time, _held_on_machine)
    return or_(live, and_(_remembered, _of_machine)) if show_cancelled else live
