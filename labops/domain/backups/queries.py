"""Reads of backups: the last good one, what waits, what went wrong."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.backups.models import BackupRun
from labops.domain.backups.policies import GIVEN_UP_AFTER
from labops.domain.people.models import Person
from labops.kernel.permissions import Actor, Permission

SHOWN = 30


class RunState(StrEnum):
    """How a backup stands."""

    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"
    GOOD = "good"
    DROPPED = "dropped"


def last_good(session: Session) -> BackupRun | None:
    """Return the newest backup that was written and read back."""
    return session.scalars(
        select(BackupRun)
        .where(BackupRun.finished_at.is_not(None), BackupRun.error.is_(None))
        .order_by(BackupRun.started_at.desc())
        .limit(1)
    ).first()


def last_try(session: Session) -> datetime | None:
    """Return when the newest backup was begun, however it went."""
    return session.scalar(select(func.max(BackupRun.started_at)))


def anything_since(session: Session) -> datetime | None:
    """Return since when there is somebody whose data can be lost."""
    return session.scalar(select(func.min(Person.created_at)))


def waiting(session: Session) -> BackupRun | None:
    """Return the oldest backup that was asked for and not begun."""
    query = select(BackupRun).where(BackupRun.started_at.is_(None)).order_by(BackupRun.id)
    return session.scalars(query.limit(1)).first()


def state_of(run: BackupRun, now: datetime) -> RunState:
    """Return how the backup stands; one that takes too long has lost its process."""
    if run.started_at is None:
        return RunState.WAITING
    if run.finished_at is None and run.started_at > now - GIVEN_UP_AFTER:
        return RunState.RUNNING
    if run.finished_at is None or run.error:
        return RunState.FAILED
    return RunState.DROPPED if run.dropped_at else RunState.GOOD


def listed(session: Session, actor: Actor, *, now: datetime) -> list[tuple[BackupRun, RunState]]:
    """Return the latest, newest first; raises `Forbidden` to all but admins."""
    actor.require(Permission.BACKUP_TAKE, None)
    query = select(BackupRun).order_by(BackupRun.id.desc()).limit(SHOWN)
    return [(run, state_of(run, now)) for run in session.scalars(query)]
