"""What would become of each occurrence, decided one after another; nothing is changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from labops.domain.bookings import granting
from labops.domain.bookings.changing import cancel_outlook
from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.granting import Consent
from labops.domain.bookings.models import Booking
from labops.domain.bookings.policies import judged, moves_late
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.wanted import Wish
from labops.domain.closures import queries as closures
from labops.domain.closures.queries import ClosureView
from labops.domain.series.simulating import Simulation
from labops.domain.series.states import POSSIBLE, Outcome
from labops.domain.series.values import Planned
from labops.kernel.errors import Forbidden, Problem
from labops.kernel.interval import Interval
from labops.kernel.local_time import WallClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """One occurrence as it would be; `uid` and `was` are those of a booking that changes.

    `problems` are what stands against it, or what staff wave through or have to agree to. `late`
    says that the change counts as late.
    """

    number: int
    slot: Interval
    clock: WallClock
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    late: bool = False
    machines: tuple[str, ...] = ()
    uid: str = ""
    was: Interval | None = None

    @property
    def possible(self) -> bool:
        """Say whether it would be done."""
        return self.outcome in POSSIBLE


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of every occurrence, by number."""

    items: tuple[Foreseen, ...]
    site_id: int
    zone: str

    @property
    def possible(self) -> frozenset[int]:
        """Return the numbers of those that would be done."""
        return frozenset(item.number for item in self.items if item.possible)

    @property
    def digest(self) -> str:
        """Return what is the same as long as the same would become of the same occurrences."""
        told = [
            [
                item.number,
                item.slot.starts_at.isoformat(),
                item.slot.ends_at.isoformat(),
                item.outcome.value,
                item.late,
                item.uid,
                item.was.starts_at.isoformat() if item.was else "",
                item.machines,
                sorted(problem.code for problem in item.problems),
            ]
            for item in self.items
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """An occurrence and the wish that would make or move it."""

    planned: Planned
    wish: Wish


def foresee(
    session: Session, wanted: Sequence[Wanted], consent: Consent, *, left_out: Collection[int]
) -> Preview:
    """Decide each occurrence in turn, the ones before it counted as done.

    Raises `Forbidden` for an override without the right to it.
    """
    first = wanted[0].wish.first
    if consent.override_reason and not consent.overrides(first.site_id):
        raise Forbidden
    simulation = Simulation(session)
    shut = _closures(session, [one.wish for one in wanted])
    items = []
    for one in wanted:
        if one.planned.number in left_out:
            items.append(_item(one, Outcome.LEFT_OUT))
            continue
        facts = simulation.seen(gather_facts(session, one.wish), one.wish)
        item = _decided(one, facts, consent, shut)
        if item.possible:
            asked = item.outcome is Outcome.REQUEST
            state = BookingState.REQUESTED if asked else BookingState.CONFIRMED
            simulation.note(facts, one.wish, state)
        items.append(item)
    items.sort(key=lambda item: item.number)
    return Preview(tuple(items), first.site_id, first.zone)


def foresee_cancelling(
    session: Session,
    bookings: Iterable[tuple[int, Booking]],
    consent: Consent,
    *,
    now: datetime,
    left_out: Collection[int],
    zone: str,
    site_id: int,
) -> Preview:
    """Look at giving up each booking, with its number."""
    items = []
    for number, booking in bookings:
        item = Foreseen(
            number=number,
            slot=booking.slot,
            clock=WallClock.NORMAL,
            outcome=Outcome.LEFT_OUT,
            uid=booking.uid,
        )
        if number not in left_out:
            outlook = cancel_outlook(session, booking, consent, now=now)
            standing = granting.standing_problems(outlook.problems, outlook.consent, site_id)
            item = replace(
                item,
                outcome=Outcome.REFUSED if standing else Outcome.FINE,
                problems=tuple(standing),
                late=outlook.late and not standing,
                machines=tuple(machine.slug for machine in outlook.machines),
            )
        items.append(item)
    return Preview(tuple(items), site_id, zone)


def _decided(
    one: Wanted, facts: BookingFacts, consent: Consent, shut: Sequence[ClosureView]
) -> Foreseen:
    judgement = judged(facts)
    overrides = consent.overrides(facts.site_id)
    standing = granting.standing_problems(judgement.problems, consent, facts.site_id)
    if standing:
        outcome, problems = Outcome.REFUSED, standing
    elif overrides and (judgement.problems or judgement.approval):
        outcome, problems = Outcome.OVERRIDE, [*judgement.problems, *judgement.approval]
    elif judgement.approval:
        outcome, problems = Outcome.REQUEST, list(judgement.approval)
    else:
        outcome, problems = Outcome.FINE, []
    late = (
        outcome is not Outcome.REFUSED
        and one.wish.previous is not None
        and consent.actor.owns(one.wish.person_id)
        and moves_late(facts)
    )
    told = tuple(_with_reason(problem, one.wish.slot, shut) for problem in problems)
    return replace(_item(one, outcome), problems=told, late=late)


def _item(one: Wanted, outcome: Outcome) -> Foreseen:
    previous = one.wish.previous
    return Foreseen(
        number=one.planned.number,
        slot=one.wish.slot,
        clock=one.planned.clock,
        outcome=outcome,
        machines=tuple(machine.slug for machine in one.wish.machines),
        uid=previous.uid if previous else "",
        was=previous.slot if previous else None,
    )


def _closures(session: Session, wishes: Sequence[Wish]) -> list[ClosureView]:
    """Return every closure that may shut one of the wishes out, in one read."""
    window = Interval(
        min(wish.slot.starts_at for wish in wishes), max(wish.slot.ends_at for wish in wishes)
    )
    spaces = {m.space_id for wish in wishes for m in wish.machines if m.space_id is not None}
    site_id = wishes[0].first.site_id
    return closures.during(session, site_id, window, space_ids=sorted(spaces))


def _with_reason(problem: Problem, slot: Interval, shut: Sequence[ClosureView]) -> Problem:
    """Let a closure say why: in a list of dates a holiday's name says more than its hours."""
    if problem.code != "booking.closed":
        return problem
    reasons = dict.fromkeys(
        closure.reason
        for closure in shut
        if Interval(closure.starts_at, closure.ends_at).overlaps(slot)
    )
    if not reasons:
        return problem
    return replace(problem, params={**problem.params, "reason": ", ".join(reasons)})
