"""What one can ask of inductions, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from labops.domain.inductions.states import Audience
from labops.domain.series.values import Repeat
from labops.kernel.interval import Interval

LONGEST_SESSION = timedelta(hours=24)
LONGEST_LEAD = timedelta(days=60)
LONGEST_REASON = 200
LONGEST_NOTE = 1000
MOST_PLACES = 200
OLDEST = 99
DEAREST = Decimal(9999)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSession:
    """A session: what is taught, by whom, when, for how many, and who may come.

    `decide_before` is how long before its start it is decided whether enough signed up. `needs`
    is the slug of a machine type for which one must be certified already, `quiz` that of a quiz to
    have passed. `expected_revision` is
    the revision of the session that is changed, as the caller saw it.
    """

    machine_type: str
    span: Interval
    teacher_uid: str
    places: int
    machines: tuple[str, ...] = ()
    space_id: int | None = None
    level: int = 1
    fewest: int = 1
    decide_before: timedelta = timedelta(hours=24)
    needs: str = ""
    quiz: str = ""
    youngest: int | None = None
    audience: Audience = Audience.MEMBERS
    price: Decimal | None = None
    free_plan: str = ""
    note: str = ""
    expected_revision: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSessions:
    """A session and how it repeats, at the same local hour."""

    first: PlanSession
    repeat: Repeat
