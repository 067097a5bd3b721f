"""The one way by which bookings get time: rules asked, time claimed, everything written down.

Making, moving, series, offers, approval and handing over all come through here. These functions
run inside their caller's transaction, and after `lock`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from labops.domain.bookings import statements
from labops.domain.bookings.commands import Book
from labops.domain.bookings.events import BookingConfirmed, BookingMoved, BookingRequested, Cause
from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import (
    Gathered,
    gather_facts,
    with_held_bookings,
    with_machine_states,
    with_spaces,
)
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.policies import Judgement, judged
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import WantedMachine, Wish
from labops.domain.plans import charging
from labops.kernel import audit, ledger, outbox
from labops.kernel.errors import Forbidden, Problem, Refused
from labops.kernel.ids import new_uid
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Consent:
    """Who asks, why staff say yes in spite of the rules, and which series' event tells of it.

    With a `cause` it is the cause and its reason that the booking's person is told.
    """

    actor: Actor
    override_reason: str = ""
    series_uid: str = field(default="", kw_only=True)
    cause: Cause | None = field(default=None, kw_only=True)

    def overrides(self, site_id: int) -> bool:
        """Say whether the actor wants to say yes anyway, and may."""
        return bool(self.override_reason) and self.actor.may(Permission.BOOKING_OVERRIDE, site_id)

    def told_to_people(self) -> dict[str, str]:
        """Return what an event says of why a booking changed, and of the series it changed with."""
        why = {"cause": self.cause.value, "reason": self.override_reason} if self.cause else {}
        return why | ({"series_uid": self.series_uid} if self.series_uid else {})


def standing_problems(problems: Sequence[Problem], consent: Consent, site_id: int) -> list[Problem]:
    """Return the problems that remain after what staff may and want to wave through."""
    overrides = consent.overrides(site_id)
    return [problem for problem in problems if not (overrides and problem.overridable)]


def refuse(problems: Sequence[Problem], consent: Consent, site_id: int, zone: str) -> None:
    """Raise `Refused` for what stands, `Forbidden` for an override without the right to it."""
    if not problems:
        return
    if consent.override_reason and not consent.actor.may(Permission.BOOKING_OVERRIDE, site_id):
        raise Forbidden
    standing = standing_problems(problems, consent, site_id)
    if standing:
        raise Refused(standing, zone=zone)


def decided(judgement: Judgement, consent: Consent, site_id: int, zone: str) -> BookingState:
    """Return the state that the booking gets: requested where staff have to agree first.

    Raises `Refused` and `Forbidden` as `refuse`.
    """
    refuse(judgement.problems, consent, site_id, zone)
    if judgement.approval and not consent.overrides(site_id):
        return BookingState.REQUESTED
    return BookingState.CONFIRMED


def lock(session: Session, wish: Wish, also: Sequence[int] = ()) -> None:
    """Make everybody wait who wants these machines, spaces, this person's or firm's quotas."""
    bookables = [machine.id for machine in wish.machines]
    ledger.lock(
        session,
        people=[wish.person_id],
        bookables=[*bookables, *also, *wish.counted_spaces],
        firms=[] if wish.firm_id is None else [wish.firm_id],
    )


def book_in(
    session: Session,
    command: Book,
    wish: Wish,
    consent: Consent,
    *,
    gathered: Gathered | None = None,
    judgement: Judgement | None = None,
) -> tuple[int, str]:
    """Make the booking and return its id and uid.

    What was `gathered` before the lock is read again as far as it may have changed; without it
    everything is read here. The `judgement` on it stands when nothing had. Raises `Refused` with
    every broken rule.
    """
    facts = _under_lock(session, wish, gathered)
    if judgement is None or gathered is None or facts is not gathered.facts:
        judgement = judged(facts)
    state = decided(judgement, consent, facts.site_id, wish.first.zone)
    booking_id, uid = _insert(session, command, wish, facts, state, consent)
    claim(session, booking_id, wish)
    charging.charge(session, booking_id, facts, wish.payer)
    event = BookingConfirmed if state is BookingState.CONFIRMED else BookingRequested
    fact = event(booking_uid=uid, revision=0, series_uid=consent.series_uid)
    outbox.record(session, fact, now=wish.now)
    audit.record(
        session,
        consent.actor,
        f"booking.{state.value}",
        f"booking:{uid}",
        now=wish.now,
        after=told(wish.slot, wish.machines),
        reason=consent.override_reason,
    )
    return booking_id, uid


def move_in(
    session: Session,
    booking: Booking,
    wish: Wish,
    facts: BookingFacts,
    consent: Consent,
    *,
    before: Sequence[WantedMachine],
    late: bool = False,
) -> None:
    """Give the booking the wish's slot and machines; `before` are the machines it had.

    The facts are those under the lock; whether the time is free the ledger says, as it grants it.
    Raises `Refused` with every broken rule; a running booking never waits for staff to agree.
    """
    facts = _left_to_the_ledger(facts)
    judgement = judged(facts)
    state = decided(judgement, consent, facts.site_id, wish.first.zone)
    if booking.state == BookingState.CHECKED_IN:
        if state is BookingState.REQUESTED:
            raise Refused(judgement.approval, zone=wish.first.zone)
        state = BookingState.CHECKED_IN
    was = told(booking.slot, before)
    claim(session, booking.id, wish, moving=True)
    charging.recharge(session, booking, facts, wish.payer, wish.first.revision)
    rewrite(session, booking, wish, facts, state)
    bump(session, booking.person_id)
    fact = BookingMoved(
        booking_uid=booking.uid, revision=booking.sequence, **consent.told_to_people()
    )
    outbox.record(session, fact, now=wish.now)
    audit.record(
        session,
        consent.actor,
        "booking.moved",
        f"booking:{booking.uid}",
        now=wish.now,
        before=was,
        after=told(wish.slot, wish.machines) | ({"late": True} if late else {}),
        reason=consent.override_reason,
    )


def claim(session: Session, booking_id: int, wish: Wish, *, moving: bool = False) -> None:
    """Claim the time in the ledger; raises `Refused` with `booking.overlap` naming the machine."""
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


def rewrite(
    session: Session, booking: Booking, wish: Wish, facts: BookingFacts, state: BookingState
) -> None:
    """Write the wish's slot and machines into the booking, one revision later."""
    by = check_in_by(facts)
    if wish.slot.starts_at == booking.starts_at:
        by = _kept_grace(booking, facts)
    booking.starts_at = wish.slot.starts_at
    booking.ends_at = wish.slot.ends_at
    booking.state = state.value
    booking.check_in_by = by
    booking.decide_by = decide_by(facts) if state is BookingState.REQUESTED else None
    booking.revised_at = wish.now
    booking.sequence += 1
    session.execute(delete(BookingBookable).where(BookingBookable.booking_id == booking.id))
    _add_machines(session, booking.id, wish)


def check_in_by(facts: BookingFacts) -> datetime:
    """Return the end of the grace; whoever books late still has the whole of it."""
    grace = min(machine.rules.grace for machine in facts.machines)
    return min(max(facts.slot.starts_at, facts.now) + grace, facts.slot.ends_at)


def _kept_grace(booking: Booking, facts: BookingFacts) -> datetime:
    """Return the end of the grace of a booking that keeps its start: asking again adds none."""
    grace = min(machine.rules.grace for machine in facts.machines)
    return min(max(facts.slot.starts_at + grace, booking.check_in_by), facts.slot.ends_at)


def decide_by(facts: BookingFacts) -> datetime:
    """Return when a requested booking lapses: so long after now as the rules hold it.

    At most until its start: later nobody could use it any more.
    """
    held = min(machine.rules.approval_held for machine in facts.machines)
    return min(facts.now + held, facts.slot.starts_at)


def bump(session: Session, person_id: int) -> None:
    """Note that what calendars and limits see of this person has changed."""
    statements.BUMP.write(session, {"id_of_person": person_id})


def told(slot: Interval, machines: Sequence[WantedMachine]) -> dict[str, Any]:
    """Return what an audit entry says of a booking."""
    return {
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        "machines": [machine.slug for machine in machines],
    }


def _under_lock(session: Session, wish: Wish, gathered: Gathered | None) -> BookingFacts:
    """Return the facts as they stand now that nobody else can change them."""
    if gathered is None:
        facts = gather_facts(session, wish)
        bump(session, wish.person_id)
        return _left_to_the_ledger(facts)
    facts = with_spaces(session, with_machine_states(session, gathered.facts), wish)
    unchanged = _bump_if_seen(session, wish.person_id, gathered.revision)
    if not unchanged or wish.firm_id is not None:  # colleagues leave her own revision as it is
        facts = with_held_bookings(session, facts, wish)
    if not unchanged:
        bump(session, wish.person_id)
    return facts


def _left_to_the_ledger(facts: BookingFacts) -> BookingFacts:
    """Say nothing of whether the time is free: the ledger does, as it grants it."""
    return replace(facts, machines=tuple(replace(one, free=True) for one in facts.machines))


def _bump_if_seen(session: Session, person_id: int, seen: int) -> bool:
    """Note a change, unless another one came first; say whether none did."""
    values = {"id_of_person": person_id, "seen": seen}
    return statements.BUMP_IF_SEEN.write(session, values) == 1


def _insert(
    session: Session,
    command: Book,
    wish: Wish,
    facts: BookingFacts,
    state: BookingState,
    consent: Consent,
) -> tuple[int, str]:
    uid = new_uid()
    values = {
        "uid": uid,
        "person_id": wish.person_id,
        "site_id": facts.site_id,
        "starts_at": wish.slot.starts_at,
        "ends_at": wish.slot.ends_at,
        "state": state.value,
        "note": command.note,
        "override_reason": consent.override_reason,
        "check_in_by": check_in_by(facts),
        "created_at": wish.now,
        "revised_at": wish.now,
        "sequence": 0,
        "rules_revision": wish.first.revision,
        "people_count": wish.people,
        "fields": dict(wish.fields or {}),
        "walk_in": wish.walk_in,
        "cancelled_late": False,
        "decision_reason": "",
        "decide_by": decide_by(facts) if state is BookingState.REQUESTED else None,
        "series_id": wish.part_of.series_id if wish.part_of else None,
        "occurrence": wish.part_of.number if wish.part_of else None,
        "planned_at": wish.part_of.planned_at if wish.part_of else None,
        "firm_id": wish.firm_id,
    }
    booking_id = statements.ADD_BOOKING.scalar(session, values)
    _add_machines(session, booking_id, wish)
    return booking_id, uid


def _add_machines(session: Session, booking_id: int, wish: Wish) -> None:
    for machine in wish.machines:
        statements.ADD_BOOKABLE.write(
            session, {"booking_id": booking_id, "bookable_id": machine.id}
        )
