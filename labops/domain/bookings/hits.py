"""Which bookings stand in the way when staff need the time of machines for something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import OPEN_STATES, BookingState
from labops.domain.machines.models import Machine
from labops.domain.people.models import Person
from labops.domain.spaces.models import Bookable
from labops.kernel import ledger, ledger_whole
from labops.kernel.interval import Interval
from labops.kernel.ledger_whole import Held


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What takes machines of a site away from bookings during a span.

    With `claims_time` it claims the ledger, so set-up and clean-up must not reach into it either;
    without, as for a closure, only the bookings' own slots count.
    """

    site_id: int
    machine_ids: tuple[int, ...]
    span: Interval
    claims_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HitBooking:
    """A booking in the way, as staff see it; machines in the order of their ids.

    `only_around` says that nothing but its set-up or clean-up time is in the way.
    """

    id: int
    uid: str
    sequence: int
    person_id: int
    person_name: str
    state: str
    slot: Interval
    machine_ids: tuple[int, ...]
    machines: tuple[str, ...]
    machine_names: tuple[str, ...]
    only_around: bool

    @property
    def is_running(self) -> bool:
        """Say whether its person is at the machine."""
        return self.state == BookingState.CHECKED_IN


def obstacle_of(
    session: Session, site_id: int, span: Interval, *, space_id: int | None = None
) -> Obstacle:
    """Return what closing a site, or one of its spaces, is to bookings."""
    query = select(Machine.id).where(Machine.site_id == site_id)
    if space_id is not None:
        query = query.where(Machine.space_id == space_id)
    ids = tuple(session.scalars(query.order_by(Machine.id)))
    return Obstacle(site_id, ids, span, claims_time=False)


def hit_bookings(session: Session, obstacle: Obstacle) -> list[HitBooking]:
    """Return the bookings that hold time in the obstacle's way, by start, as they stand now."""
    if not obstacle.machine_ids:
        return []
    found: dict[int, list[Any]] = {}
    for row in session.execute(_in_the_way_of(session, obstacle)):
        found.setdefault(row.id, []).append(row)
    return [_hit(rows, obstacle) for rows in found.values()]


def other_claims(
    session: Session, obstacle: Obstacle, *, besides: ledger.Owner | None = None
) -> list[Held]:
    """Return what holds time in the way and is no booking: other maintenance, offers."""
    held = ledger_whole.held(session, obstacle.machine_ids, obstacle.span)
    return [
        one
        for one in held
        if one.owner.kind is not ledger.OwnerKind.BOOKING and one.owner != besides
    ]


def finished_claims(session: Session, obstacle: Obstacle) -> list[Held]:
    """Return the clean-up time that bookings which are over still hold in the way."""
    held = [
        one
        for one in ledger_whole.held(session, obstacle.machine_ids, obstacle.span)
        if one.owner.kind is ledger.OwnerKind.BOOKING
    ]
    over = set(
        session.scalars(
            select(Booking.id).where(
                Booking.id.in_([one.owner.id for one in held]),
                Booking.state == BookingState.FINISHED,
            )
        )
    )
    return [one for one in held if one.owner.id in over]


def _in_the_way_of(session: Session, obstacle: Obstacle) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            Booking.id,
            Booking.uid,
            Booking.sequence,
            Booking.person_id,
            Person.name.label("person_name"),
            Booking.state,
            Booking.starts_at,
            Booking.ends_at,
            Bookable.id.label("machine_id"),
            Bookable.slug,
            Bookable.name.label("machine_name"),
        )
        .join(Person, Person.id == Booking.person_id)
        .join(BookingBookable, BookingBookable.booking_id == Booking.id)
        .join(Bookable, Bookable.id == BookingBookable.bookable_id)
        .where(Booking.state.in_(sorted(OPEN_STATES)))
        .order_by(Booking.starts_at, Booking.id, Bookable.id)
    )
    span = obstacle.span
    if obstacle.claims_time:
        held = ledger_whole.held(session, obstacle.machine_ids, span)
        ids = {one.owner.id for one in held if one.owner.kind is ledger.OwnerKind.BOOKING}
        return query.where(Booking.id.in_(sorted(ids)))
    on_these = select(BookingBookable.booking_id).where(
        BookingBookable.bookable_id.in_(obstacle.machine_ids)
    )
    return query.where(
        Booking.id.in_(on_these),
        Booking.ends_at > span.starts_at,
        Booking.ends_at <= span.ends_at + ledger.LONGEST_CLAIM,
        Booking.starts_at < span.ends_at,
    )


def _hit(rows: Sequence[Any], obstacle: Obstacle) -> HitBooking:
    first = rows[0]
    slot = Interval(first.starts_at, first.ends_at)
    return HitBooking(
        id=first.id,
        uid=first.uid,
        sequence=first.sequence,
        person_id=first.person_id,
        person_name=first.person_name,
        state=first.state,
        slot=slot,
        machine_ids=tuple(row.machine_id for row in rows),
        machines=tuple(row.slug for row in rows),
        machine_names=tuple(row.machine_name for row in rows),
        only_around=not slot.overlaps(obstacle.span),
    )
