"""How long we keep what we know of people's devices."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select

from labops.domain.people.models import SignIn
from labops.domain.people.queries import ABSOLUTE_LIMIT, IDLE_LIMIT
from labops.kernel.db import reading, unit_of_work

# A month after a sign-in stopped working nobody needs its device and address any more.
KEPT = timedelta(days=30)


def forget_sign_ins(*, now: datetime, dry_run: bool = False) -> int:
    """Drop sign-ins that were ended, or ran out, more than 30 days ago; return how many."""
    old = or_(
        SignIn.ended_at < now - KEPT,
        SignIn.last_seen_at < now - IDLE_LIMIT - KEPT,
        SignIn.created_at < now - ABSOLUTE_LIMIT - KEPT,
    )
    count = reading().scalar(select(func.count()).select_from(SignIn).where(old)) or 0
    if count and not dry_run:
        with unit_of_work() as session:
            session.execute(delete(SignIn).where(old))
    return count
