"""How much of a series an act is about, and what would become of each occurrence."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """Which occurrences an act is about. Those that have begun are never touched."""

    ONE = "one"
    FOLLOWING = "following"
    ALL = "all"


class Outcome(StrEnum):
    """What would become of an occurrence.

    `OVERRIDE` is fine only because staff say so with a reason; `REQUEST` waits until staff agree.
    """

    FINE = "fine"
    REQUEST = "request"
    OVERRIDE = "override"
    REFUSED = "refused"
    LEFT_OUT = "left-out"


POSSIBLE = frozenset({Outcome.FINE, Outcome.REQUEST, Outcome.OVERRIDE})
