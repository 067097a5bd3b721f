"""Use cases of making and changing bookings. What happens at the machine is in `use.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from labops.domain.bookings import queries, statements
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.events import (
    BookingCancelled,
    BookingConfirmed,
    BookingMoved,
)
from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import (
    WantedMachine,
    Wish,
    gather,
    gather_facts,
    machines_of_booking,
    wanted_machines,
    with_held_bookings,
    with_machine_states,
)
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.policies import (
    Explained,
    booking_problems,
    cancel_problems,
    explained,
)
from labops.domain.bookings.states import BookingState
from labops.domain.people.models import Person
from labops.kernel import audit, idempotency, ledger, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Changed, Forbidden, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Check:
    """The answer to "could I?": all reasons against, what every rule found, whose time."""

    problems: tuple[Problem, ...]
    rules: tuple[Explained, ...]
    allowed: bool
    zone: str


def check_booking(command: Book, *, actor: Actor, now: datetime) -> Check:
    """Say what stands against a booking, without making it.

    Raises `NotFound` for an unknown machine or person and `Invalid` for an unusable wish.
    """
    session = reading()
    wish = _wish(session, command, actor=actor, now=now)
    rules = explained(gather_facts(session, wish))
    problems = tuple(one.problem for one in rules if not one.passed and not one.approval)
    allowed = not _standing(problems, command.override_reason, wish, actor)
    return Check(problems, rules, allowed, wish.machines[0].zone)


def book(command: Book, *, actor: Actor, now: datetime) -> str:
    """Confirm a booking and return its uid; a repeated idempotency key returns the first one.

    Raises `Forbidden` for a reading token or an override without the right to it, `NotFound`
    for an unknown machine, `Invalid` for an unusable wish, `Refused` with every broken rule.
    """
    actor.require_write()
    session = reading()
    wish = _wish(session, command, actor=actor, now=now)
    if command.keyed and (earlier := _earlier(session, command.keyed, actor, now)):
        return earlier
    gathered = gather(session, wish)
    _refuse(booking_problems(gathered.facts), command.override_reason, wish, actor)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        _lock(session, wish)
        if command.keyed and (earlier := _earlier(session, command.keyed, actor, now)):
            return earlier
        facts = with_machine_states(session, gathered.facts)
        if not _bump_if_seen(session, wish.person_id, gathered.revision):
            facts = with_held_bookings(session, facts, wish)
            _bump(session, wish.person_id)
        if facts is not gathered.facts:
            _refuse(booking_problems(facts), command.override_reason, wish, actor)
        booking_id, uid = _insert(session, command, wish, facts)
        _grant(session, booking_id, wish)
        if command.keyed:
            idempotency.keep(
                session, actor.require_person(), command.keyed, f"booking:{uid}", now=now
            )
        outbox.record(session, BookingConfirmed(booking_uid=uid, revision=0), now=now)
        audit.record(
            session,
            actor,
            "booking.confirmed",
            f"booking:{uid}",
            now=now,
            after=_told(wish.slot, wish.machines),
            reason=command.override_reason,
        )
        return uid


def move(command: Move, *, actor: Actor, now: datetime) -> None:
    """Give a booking other times or other machines, by the same rules as a new one.

    Raises `NotFound` when the actor may not see it, `Changed` when it is no longer at the
    expected revision, `Refused` with every broken rule.
    """
    actor.require_write()
    session = reading()
    wish = _moving_wish(session, command, actor=actor, now=now)
    facts = gather_facts(session, wish)
    _refuse(booking_problems(facts), command.override_reason, wish, actor)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        before = machines_of_booking(session, _id_of(session, command.uid))
        _lock(session, wish, also=[machine.id for machine in before])
        # The booking itself may have been moved or cancelled while this one waited.
        wish = _moving_wish(session, command, actor=actor, now=now)
        booking = _previous(wish)
        before = machines_of_booking(session, booking.id)
        facts = with_held_bookings(session, with_machine_states(session, facts), wish)
        facts = replace(facts, slot=wish.slot, previous=booking.slot)
        _refuse(booking_problems(facts), command.override_reason, wish, actor)
        told = _told(booking.slot, before)
        _grant(session, booking.id, wish, moving=True)
        _rewrite(session, booking, wish, facts)
        _bump(session, booking.person_id)
        outbox.record(
            session, BookingMoved(booking_uid=booking.uid, revision=booking.sequence), now=now
        )
        audit.record(
            session,
            actor,
            "booking.moved",
            f"booking:{booking.uid}",
            now=now,
            before=told,
            after=_told(wish.slot, wish.machines),
            reason=command.override_reason,
        )


def cancel(uid: str, *, actor: Actor, now: datetime, override_reason: str = "") -> None:
    """Give up a booking and its time.

    Raises `NotFound` when the actor may not see it and `Refused` when it is too late for its
    owner or the booking is not open any more. Cancelling twice is the same as once.
    """
    actor.require_write()
    with unit_of_work() as session:
        booking = queries.booking_to_change(session, uid, actor)
        machines = machines_of_booking(session, booking.id)
        ledger.lock(session, people=[booking.person_id], bookables=[m.id for m in machines])
        session.refresh(booking)
        if booking.state == BookingState.CANCELLED:
            return
        _require_state(booking, BookingState.REQUESTED, BookingState.CONFIRMED)
        wish = Wish(
            person_id=booking.person_id,
            machines=machines,
            slot=booking.slot,
            now=now,
            previous=booking,
        )
        problems = cancel_problems(gather_facts(session, wish))
        if actor.may(Permission.BOOKING_EDIT_OTHERS, booking.site_id):
            override_reason = override_reason or "staff"
        _refuse(problems, override_reason, wish, actor)
        ledger.release(session, ledger.Owner(ledger.OwnerKind.BOOKING, booking.id))
        booking.state = BookingState.CANCELLED
        booking.cancelled_at = now
        booking.revised_at = now
        booking.sequence += 1
        _bump(session, booking.person_id)
        outbox.record(
            session, BookingCancelled(booking_uid=uid, revision=booking.sequence), now=now
        )
        audit.record(
            session,
            actor,
            "booking.cancelled",
            f"booking:{uid}",
            now=now,
            before=_told(booking.slot, machines),
            reason=override_reason,
        )


def _wish(session: Session, command: Book, *, actor: Actor, now: datetime) -> Wish:
    machines = wanted_machines(session, command.machines)
    person_id = actor.require_person()
    if command.for_person_uid is not None:
        actor.require(Permission.BOOKING_EDIT_OTHERS, machines[0].site_id)
        found = session.scalar(select(Person.id).where(Person.uid == command.for_person_uid))
        if found is None:
            raise NotFound
        person_id = found
    return Wish(
        person_id=person_id,
        machines=machines,
        slot=command.slot,
        now=now,
        walk_in=command.walk_in,
    )


def _moving_wish(session: Session, command: Move, *, actor: Actor, now: datetime) -> Wish:
    booking = queries.booking_to_change(session, command.uid, actor)
    if command.expected_sequence not in {None, booking.sequence}:
        raise Changed
    _require_state(booking, BookingState.REQUESTED, BookingState.CONFIRMED, BookingState.CHECKED_IN)
    machines = (
        wanted_machines(session, command.machines)
        if command.machines is not None
        else machines_of_booking(session, booking.id)
    )
    slot = command.slot or booking.slot
    if booking.state == BookingState.CHECKED_IN and (
        slot.starts_at != booking.starts_at or command.machines is not None
    ):
        raise Refused([Problem("booking.not-open", {"state": booking.state})])
    before = machines_of_booking(session, booking.id) if command.machines is not None else machines
    return Wish(
        person_id=booking.person_id,
        machines=machines,
        slot=slot,
        now=now,
        previous=booking,
        previous_machines=tuple((machine.id, machine.category) for machine in before),
    )


def _previous(wish: Wish) -> Booking:
    if wish.previous is None:
        raise ValueError("This wish moves nothing.")
    return wish.previous


def _id_of(session: Session, uid: str) -> int:
    return session.scalars(select(Booking.id).where(Booking.uid == uid)).one()


def _earlier(session: Session, keyed: idempotency.Keyed, actor: Actor, now: datetime) -> str | None:
    kept = idempotency.find(session, actor.require_person(), keyed, now=now)
    if kept is None:
        return None
    if kept.fingerprint != keyed.fingerprint:
        raise Refused([Problem("request.key-reused")])
    return kept.subject.removeprefix("booking:")


def _standing(
    problems: Sequence[Problem], override_reason: str, wish: Wish, actor: Actor
) -> list[Problem]:
    """Return the problems that remain after what staff may and want to wave through."""
    if not override_reason:
        return list(problems)
    may = actor.may(Permission.BOOKING_OVERRIDE, wish.machines[0].site_id)
    return [problem for problem in problems if not (may and problem.overridable)]


def _refuse(problems: Sequence[Problem], override_reason: str, wish: Wish, actor: Actor) -> None:
    if not problems:
        return
    site_id = wish.machines[0].site_id
    if override_reason and not actor.may(Permission.BOOKING_OVERRIDE, site_id):
        raise Forbidden
    standing = _standing(problems, override_reason, wish, actor)
    if standing:
        raise Refused(standing, zone=wish.machines[0].zone)


def _require_state(booking: Booking, *states: BookingState) -> None:
    if booking.state not in states:
        raise Refused([Problem("booking.not-open", {"state": booking.state})])


def _lock(session: Session, wish: Wish, also: Sequence[int] = ()) -> None:
    bookables = [machine.id for machine in wish.machines]
    ledger.lock(session, people=[wish.person_id], bookables=[*bookables, *also])


def _insert(session: Session, command: Book, wish: Wish, facts: BookingFacts) -> tuple[int, str]:
    uid = new_uid()
    values = {
        "uid": uid,
        "person_id": wish.person_id,
        "site_id": facts.site_id,
        "starts_at": wish.slot.starts_at,
        "ends_at": wish.slot.ends_at,
        "state": BookingState.CONFIRMED.value,
        "note": command.note,
        "override_reason": command.override_reason,
        "check_in_by": _check_in_by(facts),
        "created_at": wish.now,
        "revised_at": wish.now,
        "sequence": 0,
        "rules_revision": wish.machines[0].revision,
    }
    booking_id = statements.ADD_BOOKING.scalar(session, values)
    _add_machines(session, booking_id, wish)
    return booking_id, uid


def _add_machines(session: Session, booking_id: int, wish: Wish) -> None:
    for machine in wish.machines:
        statements.ADD_BOOKABLE.write(
            session, {"booking_id": booking_id, "bookable_id": machine.id}
        )


def _rewrite(session: Session, booking: Booking, wish: Wish, facts: BookingFacts) -> None:
    booking.starts_at = wish.slot.starts_at
    booking.ends_at = wish.slot.ends_at
    booking.check_in_by = _check_in_by(facts)
    booking.revised_at = wish.now
    booking.sequence += 1
    session.execute(delete(BookingBookable).where(BookingBookable.booking_id == booking.id))
    _add_machines(session, booking.id, wish)


def _check_in_by(facts: BookingFacts) -> datetime:
    """Return the end of the grace; whoever books late still has the whole of it."""
    grace = min(machine.rules.grace for machine in facts.machines)
    return min(max(facts.slot.starts_at, facts.now) + grace, facts.slot.ends_at)


def _grant(session: Session, booking_id: int, wish: Wish, *, moving: bool = False) -> None:
    claims = [machine.claim(wish.slot) for machine in wish.machines]
    try:
        owner = ledger.Owner(ledger.OwnerKind.BOOKING, booking_id)
        ledger.grant(session, owner, claims, moving=moving)
    except Refused as refused:
        slugs = {machine.id: machine.slug for machine in wish.machines}
        raise Refused(
            replace(
                problem,
                params={"machine": slugs[problem.params["bookable_id"]]},
                fix=f"times:{slugs[problem.params['bookable_id']]}",
            )
            for problem in refused.problems
        ) from refused


def _bump(session: Session, person_id: int) -> None:
    """Note that what calendars and limits see of this person has changed."""
    statements.BUMP.write(session, {"id_of_person": person_id})


def _bump_if_seen(session: Session, person_id: int, seen: int) -> bool:
    """Note it, unless another change came first; say whether none did."""
    values = {"id_of_person": person_id, "seen": seen}
    return statements.BUMP_IF_SEEN.write(session, values) == 1


def _told(slot: Interval, machines: Sequence[WantedMachine]) -> dict[str, Any]:
    return {
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "machines": [machine.slug for machine in machines],
    }
