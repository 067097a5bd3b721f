"""Who did what to what, when, before and after: append-only, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from labops.kernel.orm import Base, PrimaryKey, table_of
from labops.kernel.permissions import Actor
from labops.kernel.prepared import Prepared


class AuditEntry(Base):
    """One write. Rows are only ever added."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "subject", "at"),)

    id: Mapped[PrimaryKey]
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    actor: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(String(500), default="")


_ADD = Prepared(insert(table_of(AuditEntry)))


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    *,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write the entry. `subject` is `noun:identifier`; the mappings hold JSON values only."""
    _ADD.write(
        session,
        {
            "at": now,
            "person_id": actor.person_id,
            "actor": actor.label[:60],
            "action": action,
            "subject": subject,
            "before": dict(before or {}),
            "after": dict(after or {}),
            "reason": reason[:500],
        },
    )
