"""What one can ask of maintenance, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from labops.kernel.interval import Interval

LONGEST_BLOCK = timedelta(days=366)
LONGEST_REASON = 200
LONGEST_NOTE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBlock:
    """Work on machines (by slug) or on all of a space, for a span, with a reason for everybody.

    `expected_revision` is the revision of the block that is changed, as the caller saw it.
    """

    span: Interval
    reason: str
    machines: tuple[str, ...] = ()
    space_id: int | None = None
    note: str = ""
    expected_revision: int | None = None
