"""What a step may be, and how it stands."""

from __future__ import annotations

from enum import StrEnum


class StepKind(StrEnum):
    """What somebody does in a step. Which machine type or quiz is meant says its `subject`."""

    EMAIL = "email"
    PROFILE = "profile"
    WAIVERS = "waivers"
    IDENTITY = "identity"
    ORIENTATION = "orientation"
    QUIZ = "quiz"
    INDUCTION = "induction"
    PLAN = "plan"


class StepState(StrEnum):
    """How a step stands for one person: done, waived, hers to do, or the staff's."""

    DONE = "done"
    WAIVED = "waived"
    OPEN = "open"
    STAFF = "staff"


# What staff see with their own eyes and tick; everything else is known to labops.
TICKED = frozenset({StepKind.IDENTITY, StepKind.ORIENTATION})
WITH_SUBJECT = frozenset({StepKind.INDUCTION, StepKind.QUIZ})
