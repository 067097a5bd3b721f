"""Changing a booking inside its caller's transaction, under the locks that it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from labops.domain.bookings import granting
from labops.domain.bookings.commands import Move
from labops.domain.bookings.events import BookingCancelled
from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.models import Booking
from labops.domain.bookings.policies import cancel_problems, cancels_late
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import WantedMachine, Wish, machines_of_booking, wanted_machines
from labops.domain.plans import charging
from labops.domain.strikes import counting
from labops.domain.strikes.states import StrikeKind
from labops.kernel import audit, ledger, outbox
from labops.kernel.errors import Changed, Problem, Refused
from labops.kernel.permissions import Permission


@dataclass(frozen=True, slots=True)
class CancelOutlook:
    """What cancelling a booking now would come to: what stands against it, and whether it is late.

    `consent` holds the reason under which staff cancel.
    """

    machines: list[WantedMachine]
    facts: BookingFacts
    consent: Consent
    problems: tuple[Problem, ...]
    late: bool


def cancel_outlook(
    session: Session, booking: Booking, consent: Consent, *, now: datetime
) -> CancelOutlook:
    """Look what cancelling would come to, and change nothing."""
    machines = machines_of_booking(session, booking.id)
    wish = Wish(
        person_id=booking.person_id,
        machines=machines,
        slot=booking.slot,
        now=now,
        previous=booking,
        walk_in=booking.walk_in,
    )
    facts = gather_facts(session, wish)
    if consent.actor.may(Permission.BOOKING_EDIT_OTHERS, booking.site_id):
        consent = replace(consent, override_reason=consent.override_reason or "staff")
    # What staff cancel, and what nobody had agreed to yet, counts against nobody.
    late = (
        booking.state == BookingState.CONFIRMED
        and consent.actor.owns(booking.person_id)
        and not consent.override_reason
        and cancels_late(facts)
    )
    return CancelOutlook(machines, facts, consent, cancel_problems(facts), late)


def cancel_in(session: Session, booking: Booking, consent: Consent, *, now: datetime) -> None:
    """Cancel a booking under the locks of its person and machines; raises `Refused`."""
    require_state(booking, BookingState.REQUESTED, BookingState.CONFIRMED)
    outlook = cancel_outlook(session, booking, consent, now=now)
    consent, late = outlook.consent, outlook.late
    granting.refuse(outlook.problems, consent, booking.site_id, outlook.machines[0].zone)
    ledger.release(session, ledger.Owner(ledger.OwnerKind.BOOKING, booking.id))
    revision = outlook.machines[0].revision
    charging.settle_cancelled(session, booking, outlook.facts, revision, late=late)
    booking.state = BookingState.CANCELLED
    booking.cancelled_at = now
    booking.cancelled_late = late
    booking.revised_at = now
    booking.sequence += 1
    if late:
        strike(session, booking, StrikeKind.CANCELLED_LATE, outlook.facts, now=now)
    granting.bump(session, booking.person_id)
    fact = BookingCancelled(
        booking_uid=booking.uid, revision=booking.sequence, **consent.told_to_people()
    )
    outbox.record(session, fact, now=now)
    audit.record(
        session,
        consent.actor,
        "booking.cancelled",
        f"booking:{booking.uid}",
        now=now,
        before=granting.told(booking.slot, outlook.machines),
        after={"late": True} if late else None,
        reason=consent.override_reason,
    )


def require_state(booking: Booking, *states: BookingState) -> None:
    """Raise `Refused` with `booking.not-open` unless the booking is in one of the states."""
    if booking.state not in states:
        raise Refused([Problem("booking.not-open", {"state": booking.state})])


def moving_wish_of(session: Session, booking: Booking, command: Move, *, now: datetime) -> Wish:
    """Return the wish that moves the booking; raises `Refused` and `Changed`."""
    if command.expected_sequence not in {None, booking.sequence}:
        raise Changed
    require_state(booking, BookingState.REQUESTED, BookingState.CONFIRMED, BookingState.CHECKED_IN)
    before = machines_of_booking(session, booking.id)
    machines = before if command.machines is None else wanted_machines(session, command.machines)
    slot = command.slot or booking.slot
    if booking.state == BookingState.CHECKED_IN and (
        slot.starts_at != booking.starts_at or command.machines is not None
    ):
        raise Refused([Problem("booking.not-open", {"state": booking.state})])
    said: Mapping[str, str] = booking.fields
    return Wish(
        person_id=booking.person_id,
        machines=machines,
        slot=slot,
        now=now,
        previous=booking,
        previous_machines=tuple((machine.id, machine.category) for machine in before),
        walk_in=booking.walk_in,
        people=booking.people_count,
        # What the rules want to be told today was not asked when it was booked.
        fields=said if command.machines is not None else None,
    )


def strike(
    session: Session, booking: Booking, kind: StrikeKind, facts: BookingFacts, *, now: datetime
) -> None:
    """Count what came late against its person, where the house rules do so."""
    rules = [machine.rules for machine in facts.machines]
    if counting.counts_late(rules):
        counting.add(
            session,
            kind,
            booking_id=booking.id,
            person_id=booking.person_id,
            site_id=booking.site_id,
            rules=rules,
            zone=facts.zone,
            now=now,
        )
