"""The tables of circulars."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Circular(Base):
    """One letter to many, sent by a site. `choice` says how its receivers were chosen.

    A circular about the service goes to everybody chosen; any other only to whoever wants such.
    """

    __tablename__ = "circular"

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    about_service: Mapped[bool]
    subject_it: Mapped[str] = mapped_column(String(150))
    body_it: Mapped[str] = mapped_column(Text)
    subject_en: Mapped[str] = mapped_column(String(150))
    body_en: Mapped[str] = mapped_column(Text)
    choice: Mapped[dict[str, Any]]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class CircularReceiver(Base):
    """Somebody whom a circular goes to, as chosen when it was sent off.

    `queued_at` is when her letter was recorded to be told; without it that is still to be done.
    """

    __tablename__ = "circular_receiver"
    __table_args__ = (Index(None, "circular_id", "queued_at"),)

    circular_id: Mapped[int] = mapped_column(ForeignKey("circular.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    queued_at: Mapped[datetime | None]
