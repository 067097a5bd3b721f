"""The house rules applied to facts. Pure: no database, no clock, no web.

Each rule looks at the whole wish or at one machine of it and says what it finds. The calendar,
the `check` call, the write path, moves, series, offers and `labops rules check` all ask the one
registry below, so a green slot on screen is green for the same reasons when it is saved.

A new rule is one function, one line in the registry, one sentence and one test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.policies import (
    approving,
    counts,
    length,
    machine,
    person,
    quotas,
    times,
)
from labops.domain.bookings.policies.binding import Check, of_each_machine
from labops.domain.bookings.policies.cancelling import (
    cancel_problems,
    cancels_late,
    may_still_be_moved,
    moves_late,
    share_charged,
    suspended_until,
)
from labops.domain.bookings.policies.spans import open_spans
from labops.kernel.errors import Problem

__all__ = [
    "RULES",
    "Explained",
    "Judgement",
    "Rule",
    "approval_reasons",
    "booking_problems",
    "cancel_problems",
    "cancels_late",
    "explained",
    "judged",
    "moves_late",
    "open_spans",
    "person_problems",
    "share_charged",
    "suspended_until",
]


class Rule(NamedTuple):
    """A rule and the word by which pages call it."""

    name: str
    check: Check


class Explained(NamedTuple):
    """What one rule found: whether it passed; if not, the problem, and whether staff may agree.

    The problem of a rule that passed carries the same code and parameters, without a step.
    """

    rule: str
    passed: bool
    problem: Problem
    approval: bool


OF_THE_PERSON = frozenset(
    {"waiver", "certification", "member", "suspended", "restriction", "youngest", "oldest"}
)


class Judgement(NamedTuple):
    """What speaks against a booking, and for what staff have to agree first."""

    problems: tuple[Problem, ...]
    approval: tuple[Problem, ...]


# Nearest to solvable first: another time or length, then waiting, then giving something up,
# then asking others, then what nobody can change today.
RULES: tuple[Rule, ...] = (
    Rule("fields", of_each_machine(machine.is_told_what_it_needs)),
    Rule("grid", of_each_machine(length.is_on_the_grid)),
    Rule("shortest", of_each_machine(length.is_long_enough)),
    Rule("longest", of_each_machine(length.is_short_enough)),
    Rule("free", of_each_machine(machine.is_free)),
    Rule("past", times.starts_in_future),
    Rule("gap", of_each_machine(counts.lies_apart)),
    Rule("opening", of_each_machine(times.is_inside_opening_hours)),
    Rule("overnight", of_each_machine(length.keeps_overnight_shape)),
    Rule("staffed", of_each_machine(times.is_staffed)),
    Rule("audience", of_each_machine(times.is_open_to_person)),
    Rule("closed", of_each_machine(times.is_not_closed)),
    Rule("people-inside", of_each_machine(machine.holds_few_enough_people)),
    Rule("notice", of_each_machine(times.is_not_too_soon)),
    Rule("horizon", of_each_machine(times.is_not_too_far)),
    Rule("one-at-a-time", counts.few_at_the_same_time),
    Rule("quota", of_each_machine(quotas.is_within_quotas)),
    Rule("run", of_each_machine(quotas.is_no_long_run)),
    Rule("open-bookings", counts.few_are_open),
    Rule("next", counts.next_only_once_begun),
    Rule("moving", of_each_machine(may_still_be_moved)),
    Rule("approval", of_each_machine(approving.needs_no_approval)),
    Rule("waiver", of_each_machine(person.has_signed)),
    Rule("certification", of_each_machine(person.is_certified)),
    Rule("member", person.is_member),
    Rule("suspended", person.is_not_suspended),
    Rule("restriction", of_each_machine(person.is_not_restricted)),
    Rule("youngest", of_each_machine(person.is_old_enough)),
    Rule("oldest", of_each_machine(person.is_young_enough)),
    Rule("in-service", of_each_machine(machine.is_in_service)),
)


def explained(facts: BookingFacts) -> tuple[Explained, ...]:
    """Return what every rule found, failed ones first, each part nearest to solvable first."""
    found = list(_all(facts))
    return (
        *(one for one in found if not one.passed and not one.approval),
        *(one for one in found if not one.passed and one.approval),
        *(one for one in found if one.passed),
    )


def judged(facts: BookingFacts) -> Judgement:
    """Return every reason against the booking, and every one for which staff have to agree."""
    problems: list[Problem] = []
    approval: list[Problem] = []
    for rule in RULES:
        for verdict in rule.check(facts):
            if not verdict.passed:
                (approval if verdict.approval else problems).append(verdict.problem)
    return Judgement(tuple(problems), tuple(approval))


def person_problems(facts: BookingFacts) -> tuple[Problem, ...]:
    """Return what keeps the person from these machines at whatever time: she, not the hour."""
    return tuple(
        verdict.problem
        for rule in RULES
        if rule.name in OF_THE_PERSON
        for verdict in rule.check(facts)
        if not verdict.passed
    )


def booking_problems(facts: BookingFacts) -> tuple[Problem, ...]:
    """Return every reason against the booking; an empty tuple means yes."""
    return judged(facts).problems


def approval_reasons(facts: BookingFacts) -> tuple[Problem, ...]:
    """Return why staff have to agree first; an empty tuple means that nobody has to."""
    return judged(facts).approval


def _all(facts: BookingFacts) -> Iterator[Explained]:
    for rule in RULES:
        for verdict in rule.check(facts):
            yield Explained(rule.name, verdict.passed, verdict.problem, verdict.approval)
