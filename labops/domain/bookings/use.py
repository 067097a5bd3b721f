"""Use cases at the machine: keeping it for whoever is late, checking in, finishing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings import queries
from labops.domain.bookings.concluding import conclude, owner_of
from labops.domain.bookings.events import BookingCheckedIn, BookingFinished, BookingKept
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.models import Booking
from labops.domain.bookings.policies import booking_problems
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import WantedMachine, Wish, machines_of_booking
from labops.domain.plans import charging
from labops.kernel import ledger
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Problem, Refused
from labops.kernel.permissions import Actor, Permission

# What being at the machine must not get around, even with a confirmed booking.
_AT_THE_MACHINE = frozenset(
    {
        "machine.out-of-service",
        "machine.retired",
        "person.suspended",
        "person.not-member",
        "person.certification-missing",
        "person.certification-expired",
    }
)


@dataclass(frozen=True, slots=True)
class CheckInResult:
    """What a check-in did; `already` when it had been done before."""

    uid: str
    already: bool


def check_in(uid: str, *, actor: Actor, now: datetime) -> CheckInResult:
    """Begin the use of a booking at its machine. Doing it again changes nothing.

    Raises `NotFound`, or `Refused` with `booking.not-open` (cancelled, missed, over),
    `booking.check-in-too-early`, or what forbids using the machine now.
    """
    actor.require_write()
    with unit_of_work() as session:
        return begin(session, uid, actor=actor, now=now)


def begin(session: Session, uid: str, *, actor: Actor, now: datetime) -> CheckInResult:
    """Begin the use inside the caller's transaction; raises as `check_in`, before any change."""
    booking, machines = _locked(session, uid, actor)
    if booking.state == BookingState.CHECKED_IN:
        return CheckInResult(uid, already=True)
    # A booking past its grace that the sweep has not met yet is as good as missed.
    if booking.state != BookingState.CONFIRMED or now >= booking.check_in_by:
        raise Refused([Problem("booking.not-open", {"state": _shown_state(booking, now)})])
    _refuse_check_in(session, booking, machines, now)
    booking.state = BookingState.CHECKED_IN
    booking.checked_in_at = now
    conclude(session, booking, actor, BookingCheckedIn, now)
    return CheckInResult(uid, already=False)


def keep(uid: str, *, actor: Actor, now: datetime) -> None:
    """Keep the time to its end for a person who called that she is late; twice is once.

    For staff only. Raises `NotFound`, `Forbidden`, or `Refused` when the time is no longer held
    for her, or she is there already.
    """
    actor.require_write()
    with unit_of_work() as session:
        booking, _machines = _locked(session, uid, actor)
        actor.require(Permission.BOOKING_EDIT_OTHERS, booking.site_id)
        if booking.state != BookingState.CONFIRMED or now >= booking.check_in_by:
            raise Refused([Problem("booking.not-open", {"state": _shown_state(booking, now)})])
        if booking.check_in_by >= booking.ends_at:
            return
        booking.check_in_by = booking.ends_at
        conclude(session, booking, actor, BookingKept, now, action="kept")


def finish(uid: str, *, actor: Actor, now: datetime) -> None:
    """End the use now and give the rest of the time back, clean-up kept.

    Raises `NotFound`, or `Refused` when nobody had checked in. Finishing twice is once.
    """
    actor.require_write()
    with unit_of_work() as session:
        end(session, uid, actor=actor, now=now)


def end(session: Session, uid: str, *, actor: Actor, now: datetime) -> None:
    """End the use inside the caller's transaction; raises as `finish`, before any change."""
    booking, machines = _locked(session, uid, actor)
    if booking.state == BookingState.FINISHED:
        return
    if booking.state != BookingState.CHECKED_IN:
        raise Refused([Problem("booking.not-open", {"state": booking.state})])
    for machine in machines:
        cleanup = timedelta(minutes=machine.cleanup_minutes)
        ledger.shorten(session, owner_of(booking), machine.id, until=now + cleanup)
    booking.state = BookingState.FINISHED
    booking.finished_at = min(now, booking.ends_at)
    revision = machines[0].revision
    charging.settle_finished(session, booking, revision, until=now, now=now)
    conclude(session, booking, actor, BookingFinished, now)


def _locked(session: Session, uid: str, actor: Actor) -> tuple[Booking, list[WantedMachine]]:
    booking = queries.booking_to_change(session, uid, actor)
    machines = machines_of_booking(session, booking.id)
    ledger.lock(session, people=[booking.person_id], bookables=[m.id for m in machines])
    # While this one waited it may have become another member's.
    return queries.booking_to_change(session, uid, actor), machines


def _refuse_check_in(
    session: Session, booking: Booking, machines: list[WantedMachine], now: datetime
) -> None:
    wish = Wish(
        person_id=booking.person_id, machines=machines, slot=booking.slot, now=now, previous=booking
    )
    facts = gather_facts(session, wish)
    early = min(machine.rules.early_check_in for machine in facts.machines)
    problems = [
        problem
        for problem in booking_problems(facts)
        # Staff who said yes with a reason when it was booked said yes to this too.
        if problem.code in _AT_THE_MACHINE and not (booking.override_reason and problem.overridable)
    ]
    if booking.starts_at - now > early:
        opens_at = booking.starts_at - early
        problems.append(Problem("booking.check-in-too-early", {"opens_at": opens_at}))
    problems += [
        Problem("booking.machine-in-use", {"machine": machine.slug})
        for machine in machines
        if now < booking.starts_at and _in_use(session, machine, booking)
    ]
    if problems:
        raise Refused(problems, zone=machines[0].zone)


def _in_use(session: Session, machine: WantedMachine, booking: Booking) -> bool:
    """Say whether every unit is still being used by somebody who came before."""
    running = session.scalars(
        select(ledger.Allocation.unit)
        .join(
            Booking,
            (Booking.id == ledger.Allocation.owner_id)
            & (ledger.Allocation.owner_kind == ledger.OwnerKind.BOOKING),
        )
        .where(
            ledger.Allocation.bookable_id == machine.id,
            ledger.Allocation.starts_at < booking.starts_at,
            ledger.Allocation.ends_at > booking.starts_at - ledger.LONGEST_CLAIM,
            Booking.state == BookingState.CHECKED_IN,
            Booking.id != booking.id,
        )
    )
    return len(set(running)) >= machine.capacity


def _shown_state(booking: Booking, now: datetime) -> str:
    if booking.state == BookingState.CONFIRMED and now >= booking.check_in_by:
        return BookingState.MISSED
    return booking.state
