"""What waiting adds to the rules of booking. Pure: no database, no clock, no web."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.policies import booking_problems
from labops.kernel.errors import Problem

# What others stand in the way of: giving their time up would solve it.
TAKEN = frozenset({"booking.overlap", "site.full"})
# What the clock alone brings about, while somebody thinks an offer over.
LATE = frozenset({"booking.past", "booking.too-soon"})
SHORTEST_TO_ANSWER = timedelta(minutes=10)
_MINUTE = timedelta(minutes=1)


def besides_taken(problems: Sequence[Problem]) -> list[Problem]:
    """Return what speaks against a slot besides that others have it."""
    return [problem for problem in problems if problem.code not in TAKEN]


def answer_by(facts: BookingFacts) -> datetime | None:
    """Return until when an offer of this slot can be answered; `None` when that is too short.

    It is held as long as the house rules say, but never past the start, nor past the moment from
    which the notice would forbid the booking that it is to become.
    """
    held = min(machine.rules.offer_held for machine in facts.machines)
    until = min(facts.now + held, facts.slot.starts_at)
    if not _in_time(facts, until):
        until = _last_in_time(facts, until)
    return until if until - facts.now >= min(held, SHORTEST_TO_ANSWER) else None


def could_be_accepted(problems: Sequence[Problem]) -> bool:
    """Say whether nothing but the clock kept an offer from being accepted."""
    return all(problem.code in LATE for problem in problems)


def _last_in_time(facts: BookingFacts, end: datetime) -> datetime:
    """Return the last whole minute from now on at which the booking would not come too late."""
    fine, late = 0, -(-(end - facts.now) // _MINUTE)
    while late - fine > 1:
        middle = (fine + late) // 2
        if _in_time(facts, facts.now + middle * _MINUTE):
            fine = middle
        else:
            late = middle
    return facts.now + fine * _MINUTE


def _in_time(facts: BookingFacts, at: datetime) -> bool:
    return not any(problem.code in LATE for problem in booking_problems(replace(facts, now=at)))
