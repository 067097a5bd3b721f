"""Use cases of backups: ask for one, and write down how each went."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import update

from labops.domain.backups import queries
from labops.domain.backups.models import BackupRun
from labops.domain.backups.policies import is_due
from labops.kernel import audit
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import Actor, Permission


def ask(*, actor: Actor, now: datetime) -> None:
    """Have a backup taken soon; one that waits already is enough. Raises `Forbidden`."""
    actor.require(Permission.BACKUP_TAKE, None)
    with unit_of_work() as session:
        if queries.waiting(session) is not None:
            return
        run = BackupRun(asked_at=now, asked_by_id=actor.person_id, held={})
        session.add(run)
        session.flush()
        audit.record(session, actor, "backup.asked", f"backup:{run.id}", now=now)


def due(*, now: datetime) -> bool:
    """Say whether one was asked for, or the night's is to be taken."""
    session = reading()
    if queries.waiting(session) is not None:
        return True
    good = queries.last_good(session)
    since = good.started_at if good else queries.anything_since(session)
    return is_due(good_at=since, tried_at=queries.last_try(session), now=now)


def begin(file_name: str, *, now: datetime) -> int:
    """Note that a backup is being written, one that was asked for if any; return its id."""
    with unit_of_work() as session:
        run = queries.waiting(session)
        if run is None:
            run = BackupRun(held={})
            session.add(run)
        run.started_at = now
        run.file_name = file_name
        session.flush()
        return run.id


def succeed(run_id: int, *, size_bytes: int, held: Mapping[str, int], now: datetime) -> None:
    """Note that it was written and read back."""
    with unit_of_work() as session:
        run = session.get_one(BackupRun, run_id)
        run.finished_at, run.size_bytes, run.held = now, size_bytes, dict(held)


def fail(run_id: int, error: str, *, now: datetime) -> None:
    """Note why there is none."""
    with unit_of_work() as session:
        run = session.get_one(BackupRun, run_id)
        run.finished_at, run.error, run.dropped_at = now, error[:300], now


def note_dropped(file_names: Collection[str], *, now: datetime) -> None:
    """Note whose files are gone."""
    if file_names:
        with unit_of_work() as session:
            session.execute(
                update(BackupRun)
                .where(BackupRun.file_name.in_(list(file_names)), BackupRun.dropped_at.is_(None))
                .values(dropped_at=now)
            )
