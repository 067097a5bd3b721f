"""Who may come in at a door, and what a reason is called as the result of a scan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from labops.domain.visits.states import Result
from labops.kernel.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorFacts:
    """A person at a door, and how full it is behind it.

    `signed` is `None` where there is nothing to sign. `supervised` says that somebody is in who
    may answer for a minor. `room` is how many more may come in, `None` where nobody counts.
    """

    now: datetime
    is_member: bool
    suspended_until: datetime | None = None
    signed: bool | None = None
    minor: bool = False
    supervised: bool = False
    room: int | None = None


def door_problems(facts: DoorFacts) -> tuple[Problem, ...]:
    """Return everything against coming in; what staff may wave through is overridable."""
    return tuple(_door_problems(facts))


def _door_problems(facts: DoorFacts) -> Iterator[Problem]:
    if facts.suspended_until is not None and facts.suspended_until > facts.now:
        yield Problem("person.suspended", {"until": facts.suspended_until}, fix="profile")
    if not facts.is_member:
        yield Problem("person.not-member", overridable=True, fix="membership")
    if facts.signed is False:
        params = {"guardian": facts.minor}
        yield Problem("person.waiver-missing", params, overridable=True, fix="waiver")
    if facts.minor and not facts.supervised:
        yield Problem("visit.supervision-required", overridable=True)
    if facts.room is not None and facts.room < 1:
        yield Problem("site.full", {"room": 0}, overridable=True)


# The first that applies is the result; the page names the others as well.
_RESULTS: Sequence[tuple[str, Result]] = (
    ("station.retired", Result.RETIRED_CODE),
    ("station.screen-needed", Result.PROOF_NEEDED),
    ("pass.unknown", Result.PASS_UNKNOWN),
    ("pass.expired", Result.PASS_EXPIRED),
    ("pass.used", Result.PASS_USED),
    ("person.suspended", Result.SUSPENDED),
    ("machine.out-of-service", Result.OUT_OF_SERVICE),
    ("machine.retired", Result.OUT_OF_SERVICE),
    ("person.not-member", Result.NOT_MEMBER),
    ("person.certification-missing", Result.NOT_CERTIFIED),
    ("person.certification-expired", Result.NOT_CERTIFIED),
    ("visit.supervision-required", Result.SUPERVISION_REQUIRED),
    ("person.too-young", Result.SUPERVISION_REQUIRED),
    ("person.waiver-missing", Result.WAIVER_MISSING),
    ("booking.elsewhere", Result.WRONG_MACHINE),
    ("booking.check-in-too-early", Result.TOO_EARLY),
    ("booking.machine-in-use", Result.OCCUPIED),
    ("booking.overlap", Result.OCCUPIED),
    ("booking.not-open", Result.RELEASED),
    ("site.full", Result.FULL),
)


def result_of(problems: Sequence[Problem]) -> Result:
    """Return what a refusal for these reasons is called."""
    codes = {problem.code for problem in problems}
    return next((result for code, result in _RESULTS if code in codes), Result.REFUSED)


CODE_OF: Mapping[Result, str] = {result: code for code, result in reversed(_RESULTS)}
