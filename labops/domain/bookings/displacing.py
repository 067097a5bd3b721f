"""Making way: staff decide for every booking that stands in the way, and all of it happens or none.

These functions run inside the transaction of whoever needs the machines' time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.bookings import changing, granting
from labops.domain.bookings.commands import Move
from labops.domain.bookings.concluding import conclude, owner_of
from labops.domain.bookings.events import BookingFinished
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.hits import HitBooking, Obstacle, finished_claims, hit_bookings
from labops.domain.bookings.models import Booking
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import machines_of_booking
from labops.domain.machines.models import Machine
from labops.domain.plans import charging
from labops.kernel import ledger
from labops.kernel.errors import Changed, NotFound, Problem, Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission


class Act(StrEnum):
    """What becomes of a booking in the way; a running one ends when its machine is needed."""

    MOVE = "move"
    CANCEL = "cancel"
    END = "end"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Choice:
    """What staff decided for a booking at the revision they saw; only a move has where to."""

    act: Act
    sequence: int
    slot: Interval | None = None
    machines: tuple[str, ...] = ()


@dataclass(slots=True)
class Displaced:
    """The uids of the bookings that were in the way, by what became of them."""

    by_act: dict[Act, list[str]] = field(default_factory=lambda: {act: [] for act in Act})

    def told(self) -> dict[str, Any]:
        """Return what an audit entry says of it."""
        return {act.value: uids for act, uids in self.by_act.items() if uids}


class ChoiceRefused(Refused):
    """What was chosen for one booking cannot be done; nothing was."""

    def __init__(self, uid: str, problems: Iterable[Problem], *, zone: str = "") -> None:
        super().__init__(problems, zone=zone)
        self.uid = uid


def make_way(
    session: Session,
    obstacle: Obstacle,
    choices: Mapping[str, Choice],
    consent: Consent,
    *,
    now: datetime,
    also_lock: Sequence[int] = (),
) -> Displaced:
    """Do what was chosen for each booking in the way, and give up clean-up time after past ones.

    Locks everything involved, `also_lock` (more bookables) with it. Raises `Changed` unless the
    choices are for exactly the bookings in the way as they stand now, `Forbidden` without the
    right to change bookings, `NotFound` for a machine of elsewhere, and `ChoiceRefused` for what
    cannot be done.
    """
    _lock(session, obstacle, choices, also_lock)
    hits = hit_bookings(session, obstacle)
    if {hit.uid: hit.sequence for hit in hits} != {
        uid: choice.sequence for uid, choice in choices.items()
    }:
        raise Changed
    displaced = Displaced()
    if any(choice.act is not Act.LEAVE for choice in choices.values()):
        consent.actor.require(Permission.BOOKING_EDIT_OTHERS, obstacle.site_id)
    if obstacle.claims_time:
        for one in finished_claims(session, obstacle):
            until = obstacle.span.starts_at
            ledger.shorten(session, one.owner, one.bookable_id, until=until)
    # Whoever moves may take the time of whoever gives hers up.
    order = (Act.CANCEL, Act.END, Act.MOVE, Act.LEAVE)
    for hit in sorted(hits, key=lambda hit: order.index(choices[hit.uid].act)):
        choice = choices[hit.uid]
        try:
            _do(session, hit, choice, obstacle, consent, now)
        except Refused as refused:
            raise ChoiceRefused(hit.uid, refused.problems, zone=refused.zone) from refused
        displaced.by_act[choice.act].append(hit.uid)
    return displaced


def _lock(
    session: Session,
    obstacle: Obstacle,
    choices: Mapping[str, Choice],
    also_lock: Sequence[int],
) -> None:
    """Lock people and machines that may be involved, and the spaces where people are counted."""
    hits = hit_bookings(session, obstacle)
    slugs = {slug for choice in choices.values() for slug in choice.machines}
    involved = session.execute(
        select(Machine.id, Machine.space_id, Machine.site_id).where(
            or_(
                Machine.slug.in_(sorted(slugs)),
                Machine.id.in_([one for hit in hits for one in hit.machine_ids]),
            )
        )
    ).all()
    if any(one.site_id != obstacle.site_id for one in involved):
        raise NotFound
    spaces = {one.space_id for one in involved if one.space_id is not None}
    machines = {one.id for one in involved}
    ledger.lock(
        session,
        people={hit.person_id for hit in hits},
        bookables=[*obstacle.machine_ids, *also_lock, *spaces, *machines],
    )


def _do(
    session: Session,
    hit: HitBooking,
    choice: Choice,
    obstacle: Obstacle,
    consent: Consent,
    now: datetime,
) -> None:
    booking = session.get_one(Booking, hit.id, populate_existing=True)
    if choice.act is Act.CANCEL:
        changing.cancel_in(session, booking, consent, now=now)
    elif choice.act is Act.MOVE:
        machines = None if set(choice.machines) == set(hit.machines) else choice.machines
        _move(session, booking, choice.slot, machines, consent, now)
    elif choice.act is Act.END:
        _end(session, booking, obstacle, consent, now)


def _move(
    session: Session,
    booking: Booking,
    slot: Interval | None,
    machines: tuple[str, ...] | None,
    consent: Consent,
    now: datetime,
) -> None:
    waits = booking.state == BookingState.REQUESTED
    before = machines_of_booking(session, booking.id)
    command = Move(uid=booking.uid, slot=slot, machines=machines)
    wish = changing.moving_wish_of(session, booking, command, now=now)
    facts = gather_facts(session, wish)
    granting.move_in(session, booking, wish, facts, consent, before=before)
    if waits:  # that staff needed the machine does not mean that they agree to the booking
        booking.state = BookingState.REQUESTED.value
        booking.decide_by = granting.decide_by(facts)


def _end(
    session: Session, booking: Booking, obstacle: Obstacle, consent: Consent, now: datetime
) -> None:
    """Let a running booking end when the machine is needed, clean-up done; now if that is past."""
    changing.require_state(booking, BookingState.CHECKED_IN)
    machines = machines_of_booking(session, booking.id)
    needed = [one for one in machines if one.id in obstacle.machine_ids]
    cleanup = max((timedelta(minutes=one.cleanup_minutes) for one in needed), default=timedelta(0))
    ends_at = obstacle.span.starts_at - (cleanup if obstacle.claims_time else timedelta(0))
    if ends_at > max(now, booking.starts_at):  # whoever came early may not have begun
        _move(session, booking, Interval(booking.starts_at, ends_at), None, consent, now)
        return
    for machine in machines:
        until = now + timedelta(minutes=machine.cleanup_minutes)
        if machine in needed and obstacle.claims_time:
            until = min(until, obstacle.span.starts_at)
        ledger.shorten(session, owner_of(booking), machine.id, until=until)
    booking.state = BookingState.FINISHED.value
    booking.finished_at = min(now, booking.ends_at)
    charging.settle_finished(session, booking, machines[0].revision, until=now, now=now)
    conclude(session, booking, consent.actor, BookingFinished, now, reason=consent.override_reason)
