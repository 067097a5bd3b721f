"""What the scheduler writes down: which job ran when and how, and who is the scheduler now."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import CursorResult, String, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from labops.kernel.orm import Base

LEASE_TIME = timedelta(seconds=30)


class JobRun(Base):
    """The last run of one job, and the last that did its work."""

    __tablename__ = "job_run"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(200), default="")
    error: Mapped[str | None] = mapped_column(String(500))
    run_count: Mapped[int] = mapped_column(default=0)


class Lease(Base):
    """Who may act as the scheduler until when."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[datetime]


def take_lease(session: Session, name: str, holder: str, *, now: datetime) -> bool:
    """Take or renew the lease; `False` while somebody else holds it."""
    result = session.execute(
        update(Lease)
        .where(Lease.name == name, (Lease.holder == holder) | (Lease.expires_at <= now))
        .values(holder=holder, expires_at=now + LEASE_TIME)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker
    if result.rowcount:
        return True
    if session.scalar(select(Lease.name).where(Lease.name == name)):
        return False
    try:
        with session.begin_nested():
            session.execute(
                insert(Lease).values(name=name, holder=holder, expires_at=now + LEASE_TIME)
            )
    except IntegrityError:
        return False
    return True


def give_back_lease(session: Session, name: str, holder: str, *, now: datetime) -> None:
    """End the holder's lease, so that another node need not wait for it to run out."""
    session.execute(
        update(Lease).where(Lease.name == name, Lease.holder == holder).values(expires_at=now)
    )


def lease_holder(session: Session, name: str, *, now: datetime) -> str | None:
    """Return who holds the lease now, if anybody does."""
    return session.scalar(select(Lease.holder).where(Lease.name == name, Lease.expires_at > now))


def mark_started(session: Session, name: str, *, now: datetime) -> None:
    """Note that the job began."""
    run = session.get(JobRun, name)
    if run is None:
        session.add(JobRun(name=name, started_at=now, run_count=1))
    else:
        run.started_at = now
        run.run_count += 1


def mark_finished(
    session: Session, name: str, *, now: datetime, outcome: str = "", error: str | None = None
) -> None:
    """Note how the job ended; `error` is the exception's text when it failed."""
    run = session.get_one(JobRun, name)
    run.finished_at = now
    if error is None:
        run.succeeded_at = now
    run.outcome = outcome[:200]
    run.error = error[:500] if error else None


def runs(session: Session) -> dict[str, JobRun]:
    """Return the last run of every job that ever ran."""
    return {run.name: run for run in session.scalars(select(JobRun))}
