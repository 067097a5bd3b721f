"""Who is to be told that a certification ends soon. Found by query, each run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.certifications.events import CertificationEnding
from labops.domain.certifications.models import Certification, CertificationSuspension
from labops.domain.certifications.policies import REMINDED_DAYS, Suspended, earlier, reminder_due
from labops.domain.certifications.queries import local_today
from labops.kernel import outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage

_DAY = timedelta(days=1)


def record_endings(*, now: datetime, dry_run: bool = False) -> int:
    """Record a reminder for every certification that ends in a month, and in a week; how many.

    Each is reminded of once, the nearest only when several have come due. Nobody is reminded of
    what was renewed already, nor of what does not count on its last day.
    """
    due = _due(reading(), local_today(reading(), now=now))
    if dry_run or not due:
        return len(due)
    with unit_of_work() as session:
        return sum(outbox.record_once(session, event, now=now) for event in due)


def _due(session: Session, today: date) -> list[CertificationEnding]:
    table, until = Certification, today + timedelta(days=max(REMINDED_DAYS))
    rows = session.execute(
        select(
            table.id, table.person_id, table.machine_type_id, table.level,
            table.starts_on, table.ends_on, table.lapses_on,
        )
        .where(
            table.revoked_at.is_(None),
            or_(table.ends_on.between(today, until), table.lapses_on.between(today, until)),
        )
        .order_by(table.id)
    ).all()  # fmt: skip
    events = []
    for row in rows:
        last_on = earlier(row.ends_on, row.lapses_on)
        days = reminder_due(row.starts_on, last_on, today) if last_on is not None else None
        if last_on is not None and days is not None and not _needless(session, row, last_on):
            said = last_on.isoformat()
            events.append(CertificationEnding(certification_id=row.id, last_on=said, days=days))
    return _untold(session, events)


def _needless(session: Session, row: Any, last_on: date) -> bool:
    """Say whether another grant goes on after the last day, or this one is suspended then."""
    table = Certification
    goes_on = select(table.id).where(
        table.person_id == row.person_id,
        table.machine_type_id == row.machine_type_id,
        table.level >= row.level,
        table.revoked_at.is_(None),
        table.starts_on <= last_on + _DAY,
        or_(table.ends_on.is_(None), table.ends_on > last_on),
        or_(table.lapses_on.is_(None), table.lapses_on > last_on),
    )
    if session.scalar(goes_on.limit(1)) is not None:
        return True
    gaps = select(
        CertificationSuspension.starts_on,
        CertificationSuspension.ends_on,
        CertificationSuspension.resumed_on,
    ).where(
        CertificationSuspension.person_id == row.person_id,
        CertificationSuspension.machine_type_id == row.machine_type_id,
    )
    return any(Suspended(**gap._mapping).covers(last_on) for gap in session.execute(gaps))


def _untold(session: Session, events: Sequence[CertificationEnding]) -> list[CertificationEnding]:
    """Return those that are not in the outbox yet, nor was a nearer one of the same end."""
    keys = [event.dedupe_key for event in events]
    query = select(OutboxMessage.dedupe_key).where(OutboxMessage.dedupe_key.in_(keys))
    told = set(session.scalars(query))
    return [event for event in events if event.dedupe_key not in told]
