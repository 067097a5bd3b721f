"""Sessions for tests, at MHUMA unless told, taught by Bob."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from labops.domain.inductions import queries, services
from labops.domain.inductions.commands import PlanSession
from labops.domain.inductions.models import InductionSession, InductionSignUp
from labops.domain.inductions.states import Audience
from labops.kernel.db import reading
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, slot


def wish(world: World, span: Interval | None = None, **changes: Any) -> PlanSession:
    """Return the wish for a session on the laser, open to all, Thursday 10 to 12."""
    values: dict[str, Any] = {
        "machine_type": "laser",
        "span": span or slot(10, 12, day=3),
        "teacher_uid": world.uids["bob"],
        "places": 2,
        "machines": ("laser",),
        "audience": Audience.ALL,
        "fewest": 0,
        "decide_before": timedelta(hours=24),
    }
    return PlanSession(**values | changes)


def planned(
    world: World, span: Interval | None = None, *, now: datetime = NOW, **changes: Any
) -> str:
    """Plan such a session and return its uid."""
    command = wish(world, span, **changes)
    return services.plan(world.sites["mhuma"], command, actor=SYSTEM, now=now)


def standing(uid: str) -> dict[int, str]:
    """Return how everybody stands in a session who ever signed up, by the person's id."""
    reading().rollback()  # see what others wrote meanwhile
    rows = reading().execute(
        select(InductionSignUp.person_id, InductionSignUp.state)
        .join(InductionSession, InductionSession.id == InductionSignUp.session_id)
        .where(InductionSession.uid == uid)
        .execution_options(populate_existing=True)
    )
    return {row.person_id: row.state for row in rows}


def line_of(uid: str) -> Sequence[str]:
    """Return the names of those who wait, in order."""
    found = queries.attendance(reading(), queries.one(reading(), uid).id)
    return [one.name for one in found if one.state == "waiting"]
