"""How far somebody is: pure, from the steps of a site and what is known of her."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from labops.domain.onboarding.kinds import TICKED, StepKind, StepState


@dataclass(frozen=True, slots=True)
class Step:
    """One step as a site has composed it."""

    id: int
    kind: StepKind
    subject: str = ""
    note_it: str = ""
    note_en: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """What staff wrote down about a step of hers."""

    at: datetime
    by: str = ""
    waived: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an applicant.

    `certified` says since when, by machine type; `passed` when, by quiz. `signed` says that
    nothing is left to sign at the site, `signed_at` when she signed last.
    """

    began_at: datetime
    email_confirmed_at: datetime | None = None
    born_on: date | None = None
    plan: str = ""
    signed: bool = False
    signed_at: datetime | None = None
    certified: Mapping[str, datetime] = field(default_factory=dict)
    passed: Mapping[str, datetime] = field(default_factory=dict)
    marks: Mapping[int, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepStanding:
    """How one step stands; `at` is when it was done or waived, as far as anybody knows."""

    step: Step
    state: StepState
    at: datetime | None = None
    mark: Mark | None = None

    @property
    def is_over(self) -> bool:
        """Say whether nobody has to do anything about it any more."""
        return self.state in {StepState.DONE, StepState.WAIVED}


def standings(steps: Sequence[Step], known: Known) -> tuple[StepStanding, ...]:
    """Return how each step stands, in order."""
    return tuple(_standing(step, known) for step in steps)


def is_ready(found: Sequence[StepStanding]) -> bool:
    """Say whether somebody may be admitted. Where there are no steps, staff decide alone."""
    return bool(found) and all(one.is_over for one in found)


def next_step(found: Sequence[StepStanding]) -> StepStanding | None:
    """Return the first step that is not over."""
    return next((one for one in found if not one.is_over), None)


def stuck_since(found: Sequence[StepStanding], began_at: datetime) -> datetime:
    """Return when anything was done last; without anything, when she began."""
    moments = [one.at for one in found if one.at is not None]
    return max([began_at, *moments])


def _standing(step: Step, known: Known) -> StepStanding:
    mark = known.marks.get(step.id)
    if mark is not None and mark.waived:
        return StepStanding(step, StepState.WAIVED, mark.at, mark)
    if step.kind in TICKED:
        if mark is not None:
            return StepStanding(step, StepState.DONE, mark.at, mark)
        return StepStanding(step, StepState.STAFF)
    done, at = _known_to_be_done(step, known)
    if done:
        return StepStanding(step, StepState.DONE, at)
    return StepStanding(step, StepState.OPEN)


def _known_to_be_done(step: Step, known: Known) -> tuple[bool, datetime | None]:
    if step.kind is StepKind.EMAIL:
        return known.email_confirmed_at is not None, known.email_confirmed_at
    if step.kind is StepKind.PROFILE:
        return known.born_on is not None, None
    if step.kind is StepKind.WAIVERS:
        return known.signed, known.signed_at
    if step.kind is StepKind.INDUCTION:
        return step.subject in known.certified, known.certified.get(step.subject)
    if step.kind is StepKind.QUIZ:
        return step.subject in known.passed, known.passed.get(step.subject)
    return bool(known.plan), None
