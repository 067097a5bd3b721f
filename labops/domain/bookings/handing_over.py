"""Use cases of handing a booking over: another member takes what she was offered, or staff give it.

Handing over is not cancelling: the time stays claimed, and nothing counts against anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings import granting
from labops.domain.bookings.events import (
    BookingConfirmed,
    BookingHandedOver,
    BookingRequested,
)
from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.giving import close, close_open, offered_to, require_coming
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.hand_overs import wish_of_receiver
from labops.domain.bookings.models import Booking, HandOver
from labops.domain.bookings.policies import judged
from labops.domain.bookings.states import BookingState, Outcome
from labops.domain.bookings.wanted import machines_of_booking
from labops.domain.people import queries as people
from labops.domain.people.addresses import normalised
from labops.domain.people.models import Person
from labops.domain.plans import charging
from labops.domain.plans.entries import Owner
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Changed, Invalid, NotFound, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverTo:
    """What staff ask for: to whom (an address or a person's identifier), and why."""

    uid: str
    to: str
    reason: str
    override_reason: str = ""


def accept(
    hand_over_uid: str, *, actor: Actor, now: datetime, expected_sequence: int | None = None
) -> str:
    """Take an offered booking as one's own, by every house rule for a new one; return its uid.

    Accepting again gives the same answer. Raises `NotFound` for what was offered to somebody
    else, `Changed` when the booking is not at the expected revision any more, `Refused` when the
    offer is closed, the booking has begun or is not open, and with every broken rule.
    """
    actor.require_write()
    receiver = actor.require_person()
    with unit_of_work() as session:
        row = offered_to(session, hand_over_uid, actor)
        booking = _locked(session, row.booking_id, receiver)
        session.refresh(row)
        if row.outcome == Outcome.ACCEPTED and booking.person_id == receiver:
            return booking.uid
        if row.outcome != Outcome.OFFERED or booking.person_id != row.giver_id:
            raise Refused([Problem("booking.offer-closed")])
        if expected_sequence not in {None, booking.sequence}:
            raise Changed
        require_coming(booking, now)
        close(row, Outcome.ACCEPTED, now, receiver)
        _give(session, booking, receiver, Consent(actor), now=now)
        return booking.uid


def hand_over(command: HandOverTo, *, actor: Actor, now: datetime) -> None:
    """Let staff give a booking to another person at once, by the rules, with a reason.

    Raises `NotFound` unless the actor changes others' bookings there, `Invalid` without a reason
    or a known receiver, `Refused` with every broken rule that is not overridden.
    """
    actor.require_write()
    reason = command.reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Invalid.field("reason", "field.required")
    receiver = _receiver(reading(), command.to)
    with unit_of_work() as session:
        booking_id = session.scalar(select(Booking.id).where(Booking.uid == command.uid))
        if booking_id is None:
            raise NotFound
        booking = _locked(session, booking_id, receiver)
        if not actor.may(Permission.BOOKING_EDIT_OTHERS, booking.site_id):
            raise NotFound
        require_coming(booking, now)
        if booking.person_id == receiver:
            raise Invalid.field("to", "field.own-address")
        close_open(session, booking, Outcome.TAKEN_BACK, now)
        session.add(
            HandOver(
                uid=new_uid(),
                booking_id=booking.id,
                giver_id=booking.person_id,
                to_email="",
                outcome=Outcome.ACCEPTED.value,
                offered_at=now,
                closed_at=now,
                receiver_id=receiver,
                reason=reason,
            )
        )
        consent = Consent(actor, command.override_reason.strip())
        _give(session, booking, receiver, consent, now=now, reason=reason)


def _give(
    session: Session,
    booking: Booking,
    receiver: int,
    consent: Consent,
    *,
    now: datetime,
    reason: str = "",
) -> None:
    """Make the booking the receiver's as if she had booked it now; raises `Refused`.

    The time stays claimed as it is. The note was the giver's own and goes with her.
    """
    wish = wish_of_receiver(session, booking, receiver, now=now)
    facts = gather_facts(session, wish)
    state = granting.decided(judged(facts), consent, facts.site_id, wish.first.zone)
    charging.recharge(session, booking, facts, Owner(receiver), wish.first.revision)
    giver = booking.person_id
    uids = {one: session.get_one(Person, one).uid for one in (giver, receiver)}
    booking.person_id, booking.firm_id = receiver, None
    booking.override_reason = consent.override_reason
    booking.rules_revision = wish.first.revision
    _begin_anew(booking, facts, state, now=now)
    for person in (giver, receiver):
        granting.bump(session, person)
    made = BookingConfirmed if state is BookingState.CONFIRMED else BookingRequested
    outbox.record(session, made(booking_uid=booking.uid, revision=booking.sequence), now=now)
    handed = BookingHandedOver(
        booking_uid=booking.uid,
        revision=booking.sequence,
        giver_uid=uids[giver],
        reason=reason,
    )
    outbox.record(session, handed, now=now)
    audit.record(
        session,
        consent.actor,
        "booking.handed-over",
        f"booking:{booking.uid}",
        now=now,
        before={"person": uids[giver]},
        after={"person": uids[receiver], "state": state.value},
        reason=reason or consent.override_reason,
    )


def _begin_anew(
    booking: Booking, facts: BookingFacts, state: BookingState, *, now: datetime
) -> None:
    """Forget the giver's note and series and what staff had decided for her, one revision later."""
    booking.note = ""
    booking.state = state.value
    booking.check_in_by = granting.check_in_by(facts)
    booking.decide_by = granting.decide_by(facts) if state is BookingState.REQUESTED else None
    booking.decided_at, booking.decision_reason = None, ""
    booking.series_id = booking.occurrence = booking.planned_at = None  # the series is the giver's
    booking.created_at = booking.revised_at = now
    booking.sequence += 1


def _locked(session: Session, booking_id: int, receiver: int) -> Booking:
    """Return the booking as it stands once both persons and its machines wait for this one."""
    booking = session.get_one(Booking, booking_id, populate_existing=True)
    machines = machines_of_booking(session, booking_id)
    spaces = [one.space_id for one in machines if one.space_id and one.people_capacity is not None]
    ledger.lock(
        session,
        people=[booking.person_id, receiver],
        bookables=[*(one.id for one in machines), *spaces],
    )
    session.refresh(booking)
    return booking


def _receiver(session: Session, to: str) -> int:
    to = to.strip()
    found = session.scalar(select(Person.id).where(Person.uid == to))
    if found is None and "@" in to:
        account = people.account_by_email(session, normalised(to))
        found = account.person_id if account is not None else None
    if found is None:
        raise Invalid.field("to", "field.nobody")
    return found
