"""What time does to bookings: unclaimed ones are missed, used ones end, requests lapse.

Each sweep finds its work by query, so a run that was missed loses nothing; whoever acts on a
booking at the same moment sees it before or after, never half of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from labops.domain.bookings.concluding import conclude, owner_of
from labops.domain.bookings.events import (
    BookingCancelled,
    BookingFinished,
    BookingMissed,
    BookingRejected,
)
from labops.domain.bookings.models import Booking
from labops.domain.bookings.person_facts import standing
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import WantedMachine, machines_of_booking
from labops.domain.closures import queries as closures
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines.states import MachineState
from labops.domain.plans import charging
from labops.domain.strikes import counting
from labops.domain.strikes.states import StrikeKind
from labops.kernel import ledger, local_time
from labops.kernel.db import reading, unit_of_work
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM


def release_missed(*, now: datetime, dry_run: bool = False) -> int:
    """Release bookings whose grace has passed unclaimed; return how many.

    They are missed, and count as strikes where the house rules know these. Where the site was
    closed or a machine down, nobody could come: the booking is cancelled, and nothing counts.
    """
    due = _ids(BookingState.CONFIRMED, Booking.check_in_by, now)
    return len(due) if dry_run else sum(_release(booking_id, now=now) for booking_id in due)


def finish_elapsed(*, now: datetime, dry_run: bool = False) -> int:
    """Finish running bookings whose end has passed; return how many."""
    due = _ids(BookingState.CHECKED_IN, Booking.ends_at, now)
    return len(due) if dry_run else sum(_finish(booking_id, now=now) for booking_id in due)


def lapse_requests(*, now: datetime, dry_run: bool = False) -> int:
    """Reject requested bookings that nobody decided in time; return how many."""
    due = _ids(BookingState.REQUESTED, Booking.decide_by, now)
    return len(due) if dry_run else sum(_lapse(booking_id, now=now) for booking_id in due)


def _ids(state: BookingState, moment: InstrumentedAttribute[Any], now: datetime) -> Sequence[int]:
    query = select(Booking.id).where(Booking.state == state, moment <= now).order_by(moment)
    return reading().scalars(query).all()


def _release(booking_id: int, *, now: datetime) -> bool:
    with unit_of_work() as session:
        booking, machines = _locked(session, booking_id)
        if booking.state != BookingState.CONFIRMED or booking.check_in_by > now:
            return False
        ledger.release(session, owner_of(booking))
        if _nobody_could_come(session, booking, machines):
            charging.refund(session, booking, machines[0].revision, now=now)
            booking.state = BookingState.CANCELLED
            booking.cancelled_at = now
            conclude(session, booking, SYSTEM, BookingCancelled, now)
            return True
        booking.state = BookingState.MISSED
        _strike(session, booking, machines, now)
        conclude(session, booking, SYSTEM, BookingMissed, now)
        return True


def _finish(booking_id: int, *, now: datetime) -> bool:
    with unit_of_work() as session:
        booking, _machines = _locked(session, booking_id)
        if booking.state != BookingState.CHECKED_IN or booking.ends_at > now:
            return False
        booking.state = BookingState.FINISHED
        booking.finished_at = booking.ends_at
        conclude(session, booking, SYSTEM, BookingFinished, now)
        return True


def _lapse(booking_id: int, *, now: datetime) -> bool:
    with unit_of_work() as session:
        booking, machines = _locked(session, booking_id)
        undecided = booking.state == BookingState.REQUESTED and booking.decide_by is not None
        if not undecided or (booking.decide_by is not None and booking.decide_by > now):
            return False
        ledger.release(session, owner_of(booking))
        charging.refund(session, booking, machines[0].revision, now=now)
        booking.state = BookingState.REJECTED
        booking.decided_at = now
        conclude(session, booking, SYSTEM, BookingRejected, now)
        return True


def _locked(session: Session, booking_id: int) -> tuple[Booking, list[WantedMachine]]:
    booking = session.get_one(Booking, booking_id, populate_existing=True)
    machines = machines_of_booking(session, booking_id)
    ledger.lock(session, people=[booking.person_id], bookables=[m.id for m in machines])
    session.refresh(booking)
    return booking, machines


def _nobody_could_come(
    session: Session, booking: Booking, machines: Sequence[WantedMachine]
) -> bool:
    """Say whether the site or a space was closed during the grace, or a machine is down."""
    if any(machine.state != MachineState.IN_SERVICE for machine in machines):
        return True
    until = max(booking.check_in_by, booking.starts_at)
    if until <= booking.starts_at:
        return False
    spaces = [machine.space_id for machine in machines if machine.space_id is not None]
    grace = Interval(booking.starts_at, until)
    return bool(closures.during(session, booking.site_id, grace, space_ids=spaces))


def _strike(
    session: Session, booking: Booking, machines: Sequence[WantedMachine], now: datetime
) -> None:
    zone = local_time.zone(machines[0].zone)
    _revision, person = standing(session, booking.person_id, booking.site_id, booking.slot, zone)
    rules = _rules(session, machines, plan=person.plan)
    counting.add(
        session,
        StrikeKind.MISSED,
        booking_id=booking.id,
        person_id=booking.person_id,
        site_id=booking.site_id,
        rules=rules,
        zone=zone,
        now=now,
    )


def _rules(
    session: Session, machines: Sequence[WantedMachine], *, plan: str = ""
) -> list[HouseRules]:
    return [
        rules_in_force(
            session,
            machine.site_id,
            machine.revision,
            category=machine.category,
            machine=machine.slug,
            plan=plan,
        )
        for machine in machines
    ]
