"""From what is asked of a series to the wish for each of its occurrences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from labops.domain.bookings.changing import moving_wish_of
from labops.domain.bookings.commands import Move
from labops.domain.bookings.models import Booking
from labops.domain.bookings.wanted import Wish, wanted_machines
from labops.domain.people import queries as people
from labops.domain.series import queries
from labops.domain.series.commands import BookSeries, MoveSeries
from labops.domain.series.foreseeing import Wanted
from labops.domain.series.models import Series
from labops.domain.series.states import Scope
from labops.domain.series.values import Pattern, Planned, placed, wall_of
from labops.kernel import local_time
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class MovePlan:
    """A series, the shift by the clock, the length for all if there is a new one, the wishes.

    The wishes are in the order in which each finds the time free that another one leaves.
    """

    series: Series
    shift: timedelta
    length: timedelta | None
    wanted: tuple[Wanted, ...]


def to_book(
    session: Session, command: BookSeries, *, actor: Actor, now: datetime
) -> tuple[Pattern, tuple[Wanted, ...]]:
    """Return how the wish repeats, and the wish for each occurrence.

    Raises `NotFound`, `Invalid`, and `Forbidden` for booking on somebody else's behalf.
    """
    first = command.first
    machines = wanted_machines(session, first.machines)
    person_id = actor.require_person()
    if first.for_person_uid is not None:
        actor.require(Permission.BOOKING_EDIT_OTHERS, machines[0].site_id)
        ids = people.ids_of_uids(session, [first.for_person_uid])
        if first.for_person_uid not in ids:
            raise NotFound
        person_id = ids[first.for_person_uid]
    zone = machines[0].zone
    starts = wall_of(first.slot.starts_at, local_time.zone(zone))
    pattern = Pattern(
        starts=starts, length=first.slot.length, weeks=command.repeat.weeks, zone=zone
    )
    count = command.repeat.count_from(starts.date())
    wish = Wish(
        person_id=person_id,
        machines=machines,
        slot=first.slot,
        now=now,
        people=first.people,
        fields=first.fields,
    )
    planned = (pattern.planned(number) for number in range(1, count + 1))
    return pattern, tuple(Wanted(one, replace(wish, slot=one.slot)) for one in planned)


def to_move(session: Session, command: MoveSeries, *, actor: Actor, now: datetime) -> MovePlan:
    """Return what moving the occurrences of the scope would take.

    Raises `NotFound`, `Refused` when the occurrence has begun or is not held any more, `Invalid`
    when nothing would change.
    """
    series = queries.to_change(session, command.uid, actor)
    one, bookings = in_scope(session, series, command.number, command.scope, now=now)
    zone = local_time.zone(series.zone)
    shift = wall_of(command.slot.starts_at, zone) - _wall(series, one, zone)
    length = command.slot.length if command.slot.length != one.slot.length else None
    if not shift and length is None:
        raise Invalid.field("start", "series.unchanged")
    # Whoever moves later goes last of all first, so that it leaves its time to the one before.
    bookings.sort(key=lambda booking: booking.starts_at, reverse=shift > timedelta(0))
    wanted = []
    for booking in bookings:
        planned = _shifted(series, booking, shift, length, zone)
        move = Move(uid=booking.uid, slot=planned.slot)
        wanted.append(Wanted(planned, moving_wish_of(session, booking, move, now=now)))
    return MovePlan(series, shift, length, tuple(wanted))


def in_scope(
    session: Session, series: Series, number: int, scope: Scope, *, now: datetime
) -> tuple[Booking, list[Booking]]:
    """Return the booking of that number, and all that the scope means, by number.

    Raises `NotFound` for an unknown number and `Refused` when that one cannot be changed any more.
    """
    bookings = queries.bookings_of(session, series)
    one = next((booking for booking in bookings if booking.occurrence == number), None)
    if one is None:
        raise NotFound
    if not queries.is_coming(one, now=now):
        raise Refused([Problem("series.over")])
    if scope is Scope.ONE:
        return one, [one]
    first = number if scope is Scope.FOLLOWING else 0
    return one, [
        booking
        for booking in bookings
        if queries.is_coming(booking, now=now) and (booking.occurrence or 0) >= first
    ]


def _wall(series: Series, booking: Booking, zone: ZoneInfo) -> datetime:
    """Return the local start that the booking means, even where the clocks skip it."""
    if booking.starts_at == booking.planned_at and booking.occurrence is not None:
        return series.pattern.wall(booking.occurrence)
    return wall_of(booking.starts_at, zone)


def _shifted(
    series: Series, booking: Booking, shift: timedelta, length: timedelta | None, zone: ZoneInfo
) -> Planned:
    wall = _wall(series, booking, zone) + shift
    read = placed(wall, zone)
    slot = Interval(read.instant, read.instant + (length or booking.slot.length))
    return Planned(number=booking.occurrence or 0, wall=wall, slot=slot, clock=read.clock)
