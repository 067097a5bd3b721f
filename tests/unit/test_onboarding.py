"""How far an applicant is, against a plain list."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from labops.domain.onboarding.kinds import TICKED, WITH_SUBJECT, StepKind, StepState
from labops.domain.onboarding.policies import (
    Known,
    Mark,
    Step,
    is_ready,
    next_step,
    standings,
    stuck_since,
)

BEGAN = datetime(2026, 11, 2, 9, tzinfo=UTC)
MOMENTS = st.integers(0, 500).map(lambda hours: BEGAN + timedelta(hours=hours))
TYPES = ("laser", "cnc")
STEPS = st.lists(
    st.tuples(st.sampled_from(StepKind), st.sampled_from(TYPES)), max_size=6, unique=True
).map(
    lambda found: [
        Step(n, kind, subject if kind in WITH_SUBJECT else "")
        for n, (kind, subject) in enumerate(found, 1)
    ]
)
MARKS = st.dictionaries(
    st.integers(1, 6), st.builds(Mark, at=MOMENTS, waived=st.booleans()), max_size=6
)
KNOWN = st.builds(
    Known,
    began_at=st.just(BEGAN),
    email_confirmed_at=st.none() | MOMENTS,
    born_on=st.none() | st.just(date(1990, 1, 1)),
    signed=st.booleans(),
    plan=st.sampled_from(["", "pro"]),
    certified=st.dictionaries(st.sampled_from(TYPES), MOMENTS),
    passed=st.dictionaries(st.sampled_from(TYPES), MOMENTS),
    marks=MARKS,
)


def over(step: Step, known: Known) -> bool:
    """Say in other words whether a step is over."""
    if step.id in known.marks and known.marks[step.id].waived:
        return True
    return {
        StepKind.EMAIL: known.email_confirmed_at is not None,
        StepKind.PROFILE: known.born_on is not None,
        StepKind.WAIVERS: known.signed,
        StepKind.IDENTITY: step.id in known.marks,
        StepKind.ORIENTATION: step.id in known.marks,
        StepKind.QUIZ: step.subject in known.passed,
        StepKind.INDUCTION: step.subject in known.certified,
        StepKind.PLAN: bool(known.plan),
    }[step.kind]


@given(STEPS, KNOWN)
def test_steps_stand_as_what_is_known_says(steps: list[Step], known: Known) -> None:
    found = standings(steps, known)
    assert [one.is_over for one in found] == [over(step, known) for step in steps]
    left = [step for step in steps if not over(step, known)]
    assert is_ready(found) == (bool(steps) and not left)
    upcoming = next_step(found)
    assert (upcoming.step if upcoming else None) == (left[0] if left else None)
    assert stuck_since(found, BEGAN) >= BEGAN
    for one in found:
        waived = one.mark is not None and one.mark.waived
        assert (one.state is StepState.WAIVED) == waived
        if one.state is StepState.OPEN:
            assert one.step.kind not in TICKED
