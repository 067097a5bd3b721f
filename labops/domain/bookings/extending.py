"""How much longer a booking could be: asked of every rule, and of who comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.bookings import queries
from labops.domain.bookings.concluding import owner_of
from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.models import Booking
from labops.domain.bookings.policies import Judgement, judged
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import WantedMachine, Wish, machines_of_booking
from labops.kernel import ledger
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.permissions import Actor

STEPS = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60))
# Nobody is told that a booking could grow by more; who wants that books anew.
AHEAD = timedelta(hours=12)
FINEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Room:
    """By how much a booking may be extended: which of the usual steps, and at most.

    Without any, `problems` are what stands against the shortest.
    """

    steps: tuple[timedelta, ...]
    most: timedelta
    until: datetime
    problems: tuple[Problem, ...]


def room(session: Session, uid: str, actor: Actor, *, now: datetime) -> Room | None:
    """Return the room after a running or coming booking; `None` for any other.

    Reads as much for a full diary as for an empty one. Raises `NotFound`.
    """
    booking = queries.booking_to_change(session, uid, actor)
    if not _may_grow(booking, now):
        return None
    machines = machines_of_booking(session, booking.id)
    farthest = Interval(booking.starts_at, booking.ends_at + AHEAD)
    wish = Wish(
        person_id=booking.person_id,
        machines=machines,
        slot=farthest,
        now=now,
        previous=booking,
        previous_machines=tuple((machine.id, machine.category) for machine in machines),
        walk_in=booking.walk_in,
        people=booking.people_count,
    )
    facts = gather_facts(session, wish)
    free_until = min(_free_until(session, machine, booking) for machine in machines)
    return _room(facts, booking, free_until)


def _may_grow(booking: Booking, now: datetime) -> bool:
    if booking.state == BookingState.CHECKED_IN:
        return now < booking.ends_at
    before = {BookingState.REQUESTED, BookingState.CONFIRMED}
    return booking.state in before and now < booking.starts_at


def _room(facts: BookingFacts, booking: Booking, free_until: datetime) -> Room:
    possible: list[timedelta] = []
    against: tuple[Problem, ...] = ()
    grid = max(machine.rules.grid for machine in facts.machines)
    for step in _tried(grid):
        judgement = _judge(facts, booking, step, free_until)
        # A booking that staff agreed to, or that runs, does not wait for them again.
        waits = judgement.approval and booking.state != BookingState.REQUESTED
        if not judgement.problems and not waits:
            possible.append(step)
        elif not against and not step % grid:
            against = judgement.problems or judgement.approval
        if step >= grid and booking.ends_at + step > free_until:
            break
    most = max(possible, default=timedelta(0))
    return Room(
        steps=tuple(step for step in STEPS if step in possible),
        most=most,
        until=booking.ends_at + most,
        problems=() if possible else against,
    )


def _tried(grid: timedelta) -> Iterator[timedelta]:
    """Yield by how much to try to extend: the usual steps, and every whole step of the grid."""
    coarse = grid * max(1, -(-FINEST // grid))
    found = {coarse * number for number in range(1, AHEAD // coarse + 1)}
    yield from sorted({*found, *STEPS})


def _judge(
    facts: BookingFacts, booking: Booking, step: timedelta, free_until: datetime
) -> Judgement:
    end = booking.ends_at + step
    machines = tuple(replace(one, free=end <= free_until) for one in facts.machines)
    slot = Interval(booking.starts_at, end)
    return judged(replace(facts, slot=slot, machines=machines))


def _free_until(session: Session, machine: WantedMachine, booking: Booking) -> datetime:
    """Return until when a unit is free that could hold the booking, its clean-up left out."""
    mine, claim = owner_of(booking), machine.claimed(booking.slot)
    horizon = claim.ends_at + AHEAD
    taken = session.execute(
        select(Allocation.unit, func.min(Allocation.starts_at))
        .where(
            Allocation.bookable_id == machine.id,
            *ledger.reaching_into(Interval(claim.starts_at, horizon)),
            (Allocation.owner_id != mine.id) | (Allocation.owner_kind != mine.kind.value),
        )
        .group_by(Allocation.unit)
    )
    ends = {row[0]: row[1] for row in taken}
    best = max(ends.get(unit, horizon) for unit in range(machine.capacity))
    return best - timedelta(minutes=machine.cleanup_minutes)
