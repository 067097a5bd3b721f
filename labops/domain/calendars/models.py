"""The table of feed addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Feed(Base):
    """A subscribable address of one person and scope; the secret is kept as a digest."""

    __tablename__ = "feed"

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    scope: Mapped[str] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(String(80), default="")
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    polled_at: Mapped[datetime | None]
    polled_by: Mapped[str] = mapped_column(String(200), default="")
    revoked_at: Mapped[datetime | None]
