"""Answers kept for a day, so that a request sent twice is carried out once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Index, String, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from labops.kernel.orm import Base, PrimaryKey

KEPT = timedelta(hours=24)


class IdempotencyKey(Base):
    """One key of one person with the answer it got first."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("uq_idempotency_key_person_id_key", "person_id", "key", unique=True),)

    id: Mapped[PrimaryKey]
    person_id: Mapped[int]
    key: Mapped[str] = mapped_column(String(200))
    fingerprint: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A caller's key and a digest of what was asked with it."""

    key: str
    fingerprint: str


def find(session: Session, person_id: int, keyed: Keyed, *, now: datetime) -> IdempotencyKey | None:
    """Return the earlier use of the key within the last day, if any."""
    return session.scalar(
        select(IdempotencyKey).where(
            IdempotencyKey.person_id == person_id,
            IdempotencyKey.key == keyed.key,
            IdempotencyKey.created_at > now - KEPT,
        )
    )


def keep(session: Session, person_id: int, keyed: Keyed, subject: str, *, now: datetime) -> None:
    """Remember, in the same transaction, what the key made (`booking:<uid>`)."""
    session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.person_id == person_id,
            IdempotencyKey.key == keyed.key,
            IdempotencyKey.created_at <= now - KEPT,
        )
    )
    session.execute(
        insert(IdempotencyKey).values(
            person_id=person_id,
            key=keyed.key,
            fingerprint=keyed.fingerprint,
            subject=subject,
            created_at=now,
        )
    )


def forget_old(session: Session, *, now: datetime) -> None:
    """Drop keys that are more than a day old."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT))
