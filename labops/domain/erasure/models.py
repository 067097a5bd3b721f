"""Tables of those who asked to be erased and of those who were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class ErasureRequest(Base):
    """A person is to be erased at `due_at`, unless it is taken back before."""

    __tablename__ = "erasure_request"
    __table_args__ = (Index(None, "done_at", "due_at"),)

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300), default="")
    taken_back_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class ErasedPerson(Base):
    """Somebody who was erased, by the uid alone: whatever is restored, she stays erased."""

    __tablename__ = "erased_person"

    uid: Mapped[str] = mapped_column(String(32), primary_key=True)
    erased_at: Mapped[datetime]
