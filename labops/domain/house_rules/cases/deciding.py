"""One case decided by the same engine that bookings, calendars and pages ask."""

from __future__ import annotations

from dataclasses import dataclass

from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.policies import (
    approval_reasons,
    booking_problems,
    cancel_problems,
    cancels_late,
    moves_late,
)
from labops.domain.house_rules.cases.gathering import Ground
from labops.domain.house_rules.cases.values import OPEN, Action, Case, CaseFile, CaseState
from labops.domain.house_rules.files import RuleFile
from labops.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class Result:
    """What the rules say to one case.

    `late` says that cancelling or moving comes later than is free, refused or not; `asked` why
    staff would have to agree first.
    """

    id: str | int
    allowed: bool
    codes: tuple[str, ...]
    late: bool
    problems: tuple[Problem, ...] = ()
    asked: tuple[Problem, ...] = ()


def decide(rules: RuleFile, cases: CaseFile) -> tuple[Result, ...]:
    """Decide every case; raises `Invalid` when the rules of a machine contradict themselves."""
    ground = Ground(rules, cases)
    return tuple(_decided(ground, case) for case in cases.cases)


def _decided(ground: Ground, case: Case) -> Result:
    facts = ground.facts(case)
    asked: tuple[Problem, ...] = ()
    late = False
    if problem := _not_open(ground, case):
        problems: tuple[Problem, ...] = (problem,)
    elif case.attempt.action is Action.CANCEL:
        late = cancels_late(facts)
        problems = cancel_problems(facts)
    else:
        late = moves_late(facts)
        problems = booking_problems(facts)
        asked = () if problems else approval_reasons(facts)
    codes = tuple(sorted({problem.code for problem in problems}))
    return Result(case.id, not problems, codes, late, problems, asked)


def _not_open(ground: Ground, case: Case) -> Problem | None:
    """Return why the booking can no longer be cancelled or moved, if that is so."""
    if case.attempt.of is None:
        return None
    booking = case.existing[case.attempt.of]
    state = ground.state_of(booking, case.now)
    running = state is CaseState.CHECKED_IN
    if case.attempt.action is Action.CANCEL:
        changeable = state in OPEN and not running
    else:
        keeps = (
            booking.slot.starts_at == case.attempt.slot.starts_at
            and booking.machine == case.attempt.machine
        )
        changeable = state in OPEN and (keeps or not running)
    if changeable and booking.slot.ends_at > case.now:
        return None
    return Problem("booking.not-open", {"state": str(state)})


def facts_of(rules: RuleFile, cases: CaseFile, case: Case) -> BookingFacts:
    """Return the facts of one case, for whoever wants every rule explained."""
    return Ground(rules, cases).facts(case)
