"""Who may sign up for a session, and who gets a place. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from labops.domain.inductions.states import (
    PLACED,
    PRESENT,
    Audience,
    SessionState,
    SignUpState,
)
from labops.kernel import money
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpFacts:
    """All that decides about a sign-up.

    `mine` is how the person stands in the session now; `certified` whether she has on that day
    what it needs, `quiz_passed` whether she passed its quiz; `elsewhere` are the spans of other
    sessions she is in.
    """

    now: datetime
    span: Interval
    state: SessionState
    places: int
    taken_count: int
    uid: str = ""
    audience: Audience = Audience.MEMBERS
    site_slug: str = ""
    needs: str = ""
    quiz: str = ""
    youngest: int | None = None
    mine: SignUpState | None = None
    teaches: bool = False
    is_member: bool = False
    suspended_until: datetime | None = None
    certified: bool = False
    quiz_passed: bool = False
    age: int | None = None
    elsewhere: tuple[Interval, ...] = ()

    @property
    def is_full(self) -> bool:
        """Say whether every place is taken."""
        return self.taken_count >= self.places


def sign_up_problems(facts: SignUpFacts, *, waits: bool) -> tuple[Problem, ...]:
    """Return every reason against it, places included; who `waits` needs none."""
    if facts.state is SessionState.CANCELLED:
        return (Problem("induction.cancelled", fix="inductions"),)
    if facts.now >= facts.span.starts_at:
        return (Problem("induction.begun", fix="inductions"),)
    if facts.mine in PRESENT or facts.teaches:
        return (Problem("induction.already", {"teaches": facts.teaches}, fix="bookings"),)
    problems = [*_about_the_person(facts)]
    if any(facts.span.overlaps(other) for other in facts.elsewhere):
        problems.append(Problem("induction.at-the-same-time", fix="bookings"))
    if facts.is_full and not waits and not problems:
        problems.append(
            Problem("induction.full", {"places": facts.places}, fix=f"wait:{facts.uid}")
        )
    return tuple(problems)


def _about_the_person(facts: SignUpFacts) -> list[Problem]:
    found = []
    if facts.suspended_until is not None and facts.suspended_until > facts.now:
        found.append(Problem("person.suspended", {"until": facts.suspended_until}, fix="profile"))
    if facts.audience is Audience.MEMBERS and not facts.is_member:
        found.append(
            Problem("induction.prerequisite", {"what": "membership"}, fix=f"site:{facts.site_slug}")
        )
    if facts.needs and not facts.certified:
        found.append(
            Problem(
                "induction.prerequisite",
                {"what": "certification", "machine_type": facts.needs},
                fix=f"inductions:{facts.needs}",
            )
        )
    if facts.quiz and not facts.quiz_passed:
        params = {"what": "quiz", "quiz": facts.quiz}
        found.append(Problem("induction.prerequisite", params, fix=f"quiz:{facts.quiz}"))
    if facts.youngest is not None and (facts.age is None or facts.age < facts.youngest):
        limit = {"what": "age", "youngest": facts.youngest, "known": facts.age is not None}
        found.append(Problem("induction.prerequisite", limit, fix="profile"))
    return found


def price_for(price: Decimal, *, free_plan: str, plan: str, percent: int) -> Decimal:
    """Return what a session of a price costs on a plan that takes so many percent off, in euro."""
    if plan and plan == free_plan:
        return Decimal(0)
    return money.euro(money.cents(price * (100 - percent) / 100))


@dataclass(frozen=True, slots=True)
class InLine:
    """A sign-up by its order of arrival."""

    id: int
    turn: int
    state: SignUpState


def moving_up(line: Sequence[InLine], places: int) -> tuple[int, ...]:
    """Return the ids of those who wait and get a place now, first come first."""
    free = places - sum(1 for one in line if one.state in PLACED)
    waiting = sorted(
        (one for one in line if one.state is SignUpState.WAITING), key=lambda one: one.turn
    )
    return tuple(one.id for one in waiting[: max(free, 0)])


def is_too_few(signed_count: int, fewest: int) -> bool:
    """Say whether a session does not take place for want of people; exactly enough is enough."""
    return signed_count < fewest
