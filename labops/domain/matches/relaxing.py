"""What would have made a lab fit, and which single change of a need would bring more labs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labops.domain.matches.matching import LeftOut, Match
from labops.domain.matches.ranking import Ranking
from labops.domain.matches.steps import Check, StepAnswer, fits_in
from labops.domain.matches.values import Code, Fit, Verdict

LONGER = 2.0
"""A term twice as long is still worth a question."""
_CHANGES = {
    Code.SIZE: "halve-size",
    Code.THICKNESS: "thinner",
    Code.TOLERANCE: "coarser",
    Code.LEAD_TIME: "later",
    Code.HOURS: "fewer-pieces",
    Code.BATCH: "fewer-pieces",
    Code.NDA: "without-nda",
    Code.STEP_FREE: "without-step-free",
    Code.ON_SITE: "at-the-lab",
    Code.SERVICE: "without-service",
    Code.MATERIAL: "other-material",
    Code.PROCESS: "other-process",
}


@dataclass(frozen=True, slots=True)
class Change:
    """The change to the need nearest to what a lab can do; lengths in mm, terms in days."""

    name: str
    code: Code
    wanted: object
    limit: object


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One change, and the labs that would then do the whole work."""

    name: str
    labs: tuple[str, ...]


def nearest_change(left: LeftOut) -> Change | None:
    """Return what would have made the lab fit, where a change of the need can."""
    name = _CHANGES.get(left.reason.code)
    if name is None:
        return None
    return Change(name, left.reason.code, left.reason.wanted, left.reason.found)


def relaxations(ranking: Ranking) -> list[Relaxation]:
    """Return the changes by which labs that lack one thing would do all, the most helpful first."""
    helped: dict[str, list[str]] = {}
    for one in ranking.matches:
        if one.fit is Fit.WHOLE:
            continue
        name = _single_change(one)
        if name is not None:
            helped.setdefault(name, []).append(one.lab.id)
    found = [Relaxation(name, tuple(labs)) for name, labs in helped.items()]
    return sorted(found, key=lambda each: (-len(each.labs), each.name))


def _single_change(one: Match) -> str | None:
    """Return the one change after which nothing is lacking any more, None if it takes more."""
    lacking = [
        *_step_lacks(one.steps),
        *(check for check in one.checks if check.verdict is Verdict.NO),
    ]
    names = {_CHANGES.get(check.code) for check in lacking}
    if len(names) != 1 or not all(_would_fit(check) for check in lacking):
        return None
    return names.pop()


def _step_lacks(answers: Iterable[StepAnswer]) -> list[Check]:
    return [
        check
        for one in answers
        if not one.met
        for check in one.checks
        if check.verdict is Verdict.NO
    ]


def _would_fit(check: Check) -> bool:
    """Say whether a change that people accept is enough: half the size, twice the term."""
    if check.code in {Code.PROCESS, Code.MATERIAL}:
        return check.machine is not None
    wanted, limit = check.wanted, check.found
    if check.code is Code.SIZE and isinstance(wanted, list) and isinstance(limit, list):
        longest = max(wanted)
        halved = [value / 2 if value == longest else value for value in wanted]
        return fits_in(halved, limit)[0] or fits_in([value / 2 for value in wanted], limit)[0]
    if check.code is Code.FOOD_CONTACT:
        return False
    if (
        isinstance(wanted, int | float)
        and isinstance(limit, int | float)
        and not isinstance(wanted, bool)
    ):
        low, high = sorted((float(wanted), float(limit)))
        return low > 0 and high <= LONGER * low
    return True


def as_data(change: Change | None) -> Mapping[str, object] | None:
    """Return the change as plain data."""
    if change is None:
        return None
    return {
        "change": change.name,
        "code": str(change.code),
        "wanted": change.wanted,
        "limit": change.limit,
    }
