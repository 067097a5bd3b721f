"""The table of strikes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Strike(Base):
    """One booking that counts against its person, unless staff forgave it.

    A member may contest it once, with a text; staff answer, and forgive or not.
    """

    __tablename__ = "strike"
    __table_args__ = (
        Index(None, "person_id", "site_id"),
        Index(None, "site_id", "at"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    contested_at: Mapped[datetime | None]
    contest_text: Mapped[str] = mapped_column(String(500), default="")
    answered_at: Mapped[datetime | None]
    answer_text: Mapped[str] = mapped_column(String(500), default="")
    forgiven_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
