"""The table of backups."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class BackupRun(Base):
    """A backup that somebody asked for or that the night brought, and how it went.

    `held` counts what is in it: rows by table, and `files`. A run that finished without an `error`
    was read back and found whole. `dropped_at` says since when its file has made room for others.
    """

    __tablename__ = "backup_run"

    id: Mapped[PrimaryKey]
    asked_at: Mapped[datetime | None]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    file_name: Mapped[str] = mapped_column(String(120), default="")
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[dict[str, Any]]
    error: Mapped[str | None] = mapped_column(String(300))
    dropped_at: Mapped[datetime | None]
