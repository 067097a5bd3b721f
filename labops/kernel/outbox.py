"""Facts that other parts must hear about, saved in the transaction that made them true."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CursorResult, Index, String, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from labops.kernel.db import is_sqlite
from labops.kernel.orm import Base, PrimaryKey, table_of
from labops.kernel.prepared import Prepared

CLAIM_TIME = timedelta(minutes=10)
MAX_ATTEMPTS = 10
# How long a message waits for a way out that is closed: longer than any outage over a holiday.
LONGEST_WAIT = timedelta(days=7)
SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """A fact in the past tense. `dedupe_key` makes one fact one message."""

    kind: ClassVar[str]

    @property
    def dedupe_key(self) -> str:
        """Return what is the same for the same fact and different for any other."""
        raise NotImplementedError


class OutboxMessage(Base):
    """One fact waiting to be told, or told."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index(None, "delivered_at", "due_at"),)

    id: Mapped[PrimaryKey]
    kind: Mapped[str] = mapped_column(String(60))
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    payload: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    retried_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(500))


_ADD = Prepared(insert(table_of(OutboxMessage)))


def record(session: Session, event: DomainEvent, *, now: datetime) -> None:
    """Save the fact with the transaction that made it true."""
    _ADD.write(session, _values(event, now))


def record_once(session: Session, event: DomainEvent, *, now: datetime) -> bool:
    """Save a fact that several may find at the same time; `False` when somebody was faster."""
    insert_of = sqlite.insert if is_sqlite(session) else postgresql.insert
    query = insert_of(OutboxMessage).values(**_values(event, now))
    query = query.on_conflict_do_nothing(index_elements=["dedupe_key"])
    return session.scalar(query.returning(OutboxMessage.id)) is not None


def is_recorded(session: Session, event: DomainEvent) -> bool:
    """Say whether the fact was saved before."""
    query = select(OutboxMessage.id).where(OutboxMessage.dedupe_key == event.dedupe_key)
    return session.scalar(query) is not None


def _values(event: DomainEvent, now: datetime) -> dict[str, Any]:
    return {
        "kind": event.kind,
        "dedupe_key": event.dedupe_key,
        "payload": asdict(event),
        "recorded_at": now,
        "due_at": now,
        "attempts": 0,
    }


def due(session: Session, *, now: datetime, limit: int = 50) -> list[int]:
    """Return the ids of messages to deliver now, oldest first."""
    stuck = now - CLAIM_TIME
    query = (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.given_up_at.is_(None),
            OutboxMessage.due_at <= now,
            (OutboxMessage.claimed_at.is_(None)) | (OutboxMessage.claimed_at < stuck),
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def claim(session: Session, message_id: int, *, now: datetime) -> OutboxMessage | None:
    """Take one message; `None` when another worker was faster."""
    stuck = now - CLAIM_TIME
    result = session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == message_id,
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.given_up_at.is_(None),
            (OutboxMessage.claimed_at.is_(None)) | (OutboxMessage.claimed_at < stuck),
        )
        .values(claimed_at=now, attempts=OutboxMessage.attempts + 1)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker
    if result.rowcount != 1:
        return None
    return session.get(OutboxMessage, message_id, populate_existing=True)


def mark_delivered(session: Session, message_id: int, *, now: datetime) -> None:
    """Note that the message was told."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id)
        .values(delivered_at=now, claimed_at=None, last_error=None)
    )


def mark_failed(session: Session, message_id: int, error: str, *, now: datetime) -> None:
    """Note why telling failed and when to try again: 1, 2, 4 ... minutes, at most six hours."""
    message = session.get_one(OutboxMessage, message_id, populate_existing=True)
    message.claimed_at = None
    message.last_error = error[:500]
    if message.attempts >= MAX_ATTEMPTS:
        message.given_up_at = now
    else:
        message.due_at = now + min(
            timedelta(minutes=2 ** (message.attempts - 1)), timedelta(hours=6)
        )


def postpone(session: Session, message_id: int, error: str, *, now: datetime) -> None:
    """Note that the way out was closed: no attempt is used up, and only after a week none is left.

    The longer it has waited the longer the pause, so that an outage is not made worse.
    """
    message = session.get_one(OutboxMessage, message_id, populate_existing=True)
    waited = now - (message.retried_at or message.recorded_at)
    if waited >= LONGEST_WAIT:
        give_up(session, message_id, error, now=now)
        return
    message.claimed_at = None
    message.attempts -= 1
    message.last_error = error[:500]
    message.due_at = now + min(max(waited / 4, SHORTEST_PAUSE), LONGEST_PAUSE)


def give_up(session: Session, message_id: int, error: str, *, now: datetime) -> None:
    """Note that telling it again would not help, and why."""
    message = session.get_one(OutboxMessage, message_id, populate_existing=True)
    message.claimed_at = None
    message.last_error = error[:500]
    message.given_up_at = now


def take_up(session: Session, message_id: int, *, now: datetime) -> bool:
    """Let a message that was given up be told after all; `False` when it is none."""
    result = session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == message_id,
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.given_up_at.is_not(None),
        )
        .values(given_up_at=None, claimed_at=None, attempts=0, due_at=now, retried_at=now)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - for the type checker
    return result.rowcount == 1


class Listed(StrEnum):
    """Which messages to list."""

    ALL = "all"
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given-up"


def listed(
    session: Session, which: Listed, *, offset: int = 0, limit: int = 50
) -> tuple[list[OutboxMessage], int]:
    """Return a page of messages, latest first, and how many there are in all."""
    query = select(OutboxMessage)
    if which is Listed.DELIVERED:
        query = query.where(OutboxMessage.delivered_at.is_not(None))
    elif which is Listed.GIVEN_UP:
        query = query.where(OutboxMessage.given_up_at.is_not(None))
    elif which is Listed.WAITING:
        query = query.where(
            OutboxMessage.delivered_at.is_(None), OutboxMessage.given_up_at.is_(None)
        )
    count = session.scalar(query.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    page = query.order_by(OutboxMessage.id.desc()).offset(offset).limit(limit)
    return list(session.scalars(page)), count
