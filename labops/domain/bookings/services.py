"""Use cases of making and changing bookings. What happens at the machine is in `use.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings import changing, granting, queries
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.gathering import gather, gather_facts
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.models import Booking
from labops.domain.bookings.policies import (
    Explained,
    booking_problems,
    explained,
    judged,
    moves_late,
)
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import Wish, machines_of_booking, wanted_machines
from labops.domain.firms import queries as firms
from labops.domain.people.models import Person
from labops.domain.strikes.states import StrikeKind
from labops.kernel import idempotency, ledger
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import NotFound, Problem, Refused
from labops.kernel.permissions import Actor, Permission

T = TypeVar("T")


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
    wish = wish_of(session, command, actor=actor, now=now)
    rules = explained(gather_facts(session, wish))
    problems = tuple(one.problem for one in rules if not one.passed and not one.approval)
    consent = Consent(actor, command.override_reason)
    allowed = not granting.standing_problems(problems, consent, wish.first.site_id)
    return Check(problems, rules, allowed, wish.first.zone)


def book(command: Book, *, actor: Actor, now: datetime) -> str:
    """Make a booking and return its uid; a repeated idempotency key returns the first one.

    It is confirmed, or requested where the house rules want staff to agree. Raises `Forbidden`
    for a reading token or an override without the right to it, `NotFound` for an unknown
    machine, `Invalid` for an unusable wish, `Refused` with every broken rule.
    """
    return _book(command, lambda _session, uid: uid, actor=actor, now=now)


def book_and_show(command: Book, *, actor: Actor, now: datetime) -> dict[str, Any]:
    """Make a booking and return it as `queries.one_values` does; the rest is as in `book`."""
    show = partial(queries.one_values, actor=actor)
    return _book(command, show, actor=actor, now=now)


def _book(command: Book, answer: Callable[[Session, str], T], *, actor: Actor, now: datetime) -> T:
    """Make a booking and return what is to be said of it, read in the same transaction."""
    actor.require_write()
    session = reading()
    wish = wish_of(session, command, actor=actor, now=now)
    if command.keyed and (earlier := _earlier(session, command.keyed, actor, now)):
        return answer(session, earlier)
    consent = Consent(actor, command.override_reason)
    gathered = gather(session, wish)
    judgement = judged(gathered.facts)
    granting.refuse(judgement.problems, consent, wish.first.site_id, wish.first.zone)
    with ledger.refusing_overlaps(), unit_of_work() as session:
        granting.lock(session, wish)
        if command.keyed and (earlier := _earlier(session, command.keyed, actor, now)):
            return answer(session, earlier)
        _id, uid = granting.book_in(
            session, command, wish, consent, gathered=gathered, judgement=judgement
        )
        if command.keyed:
            idempotency.keep(
                session, actor.require_person(), command.keyed, f"booking:{uid}", now=now
            )
        return answer(session, uid)


def move(command: Move, *, actor: Actor, now: datetime) -> None:
    """Give a booking other times or other machines, by the same rules as a new one.

    Raises `NotFound` when the actor may not see it, `Changed` when it is no longer at the
    expected revision, `Refused` with every broken rule.
    """
    actor.require_write()
    session = reading()
    wish = _moving_wish(session, command, actor=actor, now=now)
    consent = Consent(actor, command.override_reason)
    granting.refuse(
        booking_problems(gather_facts(session, wish)),
        consent,
        wish.first.site_id,
        wish.first.zone,
    )
    with ledger.refusing_overlaps(), unit_of_work() as session:
        before = machines_of_booking(session, _id_of(session, command.uid))
        granting.lock(session, wish, also=[machine.id for machine in before])
        # The booking itself may have been moved or cancelled while this one waited.
        wish = _moving_wish(session, command, actor=actor, now=now)
        booking = _previous(wish)
        before = machines_of_booking(session, booking.id)
        facts = gather_facts(session, wish)
        late = actor.owns(booking.person_id) and moves_late(facts)
        granting.move_in(session, booking, wish, facts, consent, before=before, late=late)
        if late:
            changing.strike(session, booking, StrikeKind.MOVED_LATE, facts, now=now)


def cancel(uid: str, *, actor: Actor, now: datetime, override_reason: str = "") -> None:
    """Give up a booking and its time.

    Where the house rules let people cancel late, it is written down that they did. Raises
    `NotFound` when the actor may not see it and `Refused` when it is too late for its owner or
    the booking is not open any more. Cancelling twice is the same as once.
    """
    actor.require_write()
    with unit_of_work() as session:
        booking = queries.booking_to_change(session, uid, actor)
        machines = machines_of_booking(session, booking.id)
        ledger.lock(session, people=[booking.person_id], bookables=[m.id for m in machines])
        # While this one waited it may have become another member's.
        booking = queries.booking_to_change(session, uid, actor)
        if booking.state == BookingState.CANCELLED:
            return
        changing.cancel_in(session, booking, Consent(actor, override_reason), now=now)


def wish_of(session: Session, command: Book, *, actor: Actor, now: datetime) -> Wish:
    """Return whose wish for which machines the command is.

    Raises `NotFound`, `Invalid`, and `Forbidden` for booking on somebody else's behalf.
    """
    machines = wanted_machines(session, command.machines)
    person_id = actor.require_person()
    if command.for_person_uid is not None:
        actor.require(Permission.BOOKING_EDIT_OTHERS, machines[0].site_id)
        found = session.scalar(select(Person.id).where(Person.uid == command.for_person_uid))
        if found is None:
            raise NotFound
        person_id = found
    hat = firms.hat_of(session, command.firm_uid, person_id) if command.firm_uid else None
    return Wish(
        person_id=person_id,
        new_for_firm=hat.id if hat else None,
        machines=machines,
        slot=command.slot,
        now=now,
        walk_in=command.walk_in,
        people=command.people,
        fields=command.fields,
    )


def _moving_wish(session: Session, command: Move, *, actor: Actor, now: datetime) -> Wish:
    booking = queries.booking_to_change(session, command.uid, actor)
    return changing.moving_wish_of(session, booking, command, now=now)


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
