"""Where bookings of a machine that stopped can go, and going there by one act of their person.

What is offered is computed anew whenever somebody looks, for all bookings of the next days
together: nobody is offered first what was offered first to somebody before her, and nothing stale
waits in a mail. The act goes through the same door as every move (`granting.move_in`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings import changing, granting
from labops.domain.bookings.commands import Move
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.hits import HitBooking, Obstacle, hit_bookings
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.policies import booking_problems
from labops.domain.bookings.rebooking import Suggestion, suggestions_for
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import Wish, machines_of_booking, wanted_machines
from labops.domain.machines.models import Machine
from labops.domain.machines.states import MachineState
from labops.kernel import ledger
from labops.kernel.db import unit_of_work
from labops.kernel.errors import NotFound, Problem, Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission, Scope

# Whose bookings are looked after: those of the coming days.
AHEAD = timedelta(days=7)
# Nobody is kept from leaving a broken machine because it is late to move.
_FORGIVEN = frozenset({"booking.cancel-too-late"})
_REASON = "The machine stopped."


@dataclass(frozen=True, slots=True)
class Hit:
    """A booking of a stopped machine, and where it could go, best first."""

    booking: HitBooking
    suggestions: tuple[Suggestion, ...]


def of_machine(session: Session, machine_id: int, *, now: datetime) -> list[Hit]:
    """Return the bookings of the next days with their alternatives; none once it is in service."""
    machine = session.get_one(Machine, machine_id, populate_existing=True)
    if machine.state == MachineState.IN_SERVICE:
        return []
    return _hits(session, machine, now + AHEAD, now)


def of_booking(session: Session, uid: str, *, actor: Actor, now: datetime) -> Hit | None:
    """Return one's own booking with its alternatives, `None` when nothing keeps it from its time.

    Raises `NotFound` for somebody else's.
    """
    booking = session.scalar(
        select(Booking).where(Booking.uid == uid).execution_options(populate_existing=True)
    )
    if booking is None or not actor.owns(booking.person_id):
        raise NotFound
    for machine in _stopped(session, booking):
        for hit in _hits(session, machine, max(now + AHEAD, booking.ends_at), now):
            if hit.booking.uid == uid and not hit.booking.is_running:
                return hit
    return None


def accept(
    uid: str, machines: tuple[str, ...], slot: Interval, *, actor: Actor, now: datetime
) -> bool:
    """Move one's own booking away from a stopped machine; whether it was moved by this very act.

    Again is once. It never counts as late. Raises `NotFound` for somebody else's booking,
    `Refused` when no machine of it is stopped any more, or with every rule that is broken.
    """
    person_id = actor.require_person()
    actor.require_write()
    with ledger.refusing_overlaps(), unit_of_work() as session:
        booking = _own(session, uid, actor)
        before = machines_of_booking(session, booking.id)
        after = wanted_machines(session, machines)
        ids = [one.id for one in (*before, *after)]
        spaces = [one.space_id for one in after if one.space_id is not None]
        ledger.lock(session, people=[person_id], bookables=[*ids, *spaces])
        booking = _own(session, uid, actor)
        before = machines_of_booking(session, booking.id)
        if booking.slot == slot and {one.slug for one in before} == set(machines):
            return False
        changing.require_state(booking, BookingState.REQUESTED, BookingState.CONFIRMED)
        if not _stopped(session, booking):
            raise Refused([Problem("incident.back-in-service")])
        wish = changing.moving_wish_of(
            session, booking, Move(uid=uid, slot=slot, machines=machines), now=now
        )
        _move(session, booking, wish, actor)
        return True


def _move(session: Session, booking: Booking, wish: Wish, actor: Actor) -> None:
    facts = gather_facts(session, wish)
    problems = booking_problems(facts)
    standing = [one for one in problems if one.code not in _FORGIVEN]
    if standing:
        raise Refused(standing, zone=wish.first.zone)
    waits = booking.state == BookingState.REQUESTED
    consent = Consent(actor)
    if problems:  # nothing but that it is late, which the house itself brought about
        granted = replace(actor, everywhere=actor.everywhere | {Permission.BOOKING_OVERRIDE})
        consent = Consent(replace(granted, scope=Scope.STAFF), _REASON)
    before = machines_of_booking(session, booking.id)
    granting.move_in(session, booking, wish, facts, consent, before=before)
    if waits:  # a stopped machine does not mean that staff agree
        booking.state = BookingState.REQUESTED.value
        booking.decide_by = granting.decide_by(facts)


def _own(session: Session, uid: str, actor: Actor) -> Booking:
    booking = session.scalar(
        select(Booking).where(Booking.uid == uid).execution_options(populate_existing=True)
    )
    if booking is None or not actor.owns(booking.person_id):
        raise NotFound
    return booking


def _stopped(session: Session, booking: Booking) -> list[Machine]:
    query = (
        select(Machine)
        .join(BookingBookable, BookingBookable.bookable_id == Machine.id)
        .where(BookingBookable.booking_id == booking.id)
        .where(Machine.state == MachineState.OUT_OF_SERVICE)
        .order_by(Machine.id)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _hits(session: Session, machine: Machine, until: datetime, now: datetime) -> list[Hit]:
    obstacle = Obstacle(machine.site_id, (machine.id,), Interval(now, until), claims_time=False)
    hits = hit_bookings(session, obstacle)
    suggestions = suggestions_for(session, hits, obstacle, now=now)
    return [Hit(hit, suggestions.get(hit.uid, ())) for hit in hits]
