"""The table of certifications."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Certification(Base):
    """One grant of the right to use a machine type, from and to local days, both included."""

    __tablename__ = "certification"
    __table_args__ = (Index(None, "person_id", "machine_type_id"),)

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    evidence: Mapped[str] = mapped_column(String(300), default="")
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str] = mapped_column(String(300), default="")
