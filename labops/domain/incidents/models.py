"""The table of incidents."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Incident(Base):
    """A report that a machine is faulty; everybody can read its text, not who wrote it.

    `photo` is the name of a kept picture, or empty. `duplicate_of_id` leads to the first report of
    the same fault: it is solved together with that.
    """

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("severity IN ('note', 'careful', 'stops')", name="severity_known"),
        CheckConstraint("(solved_at IS NULL) = (solved_by_id IS NULL)", name="solved_by_somebody"),
        Index(None, "machine_id", "solved_at"),
        Index(None, "site_id", "solved_at"),
        Index(None, "reporter_id", "nonce", unique=True),
        Index(None, "solved_by_id"),
        Index(None, "duplicate_of_id"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    nonce: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("bookable.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    severity: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(String(300))
    photo: Mapped[str] = mapped_column(String(120), default="")
    reported_at: Mapped[datetime]
    solved_at: Mapped[datetime | None]
    solved_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    solution: Mapped[str] = mapped_column(String(300), default="")
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))


class IncidentEcho(Base):
    """Somebody who met the same fault and wants to hear when it is solved."""

    __tablename__ = "incident_echo"

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)
    said_at: Mapped[datetime]


class HarmRecord(Base):
    """Somebody came to harm, or nearly: only few may read it, and every look is written down."""

    __tablename__ = "harm_record"
    __table_args__ = (
        Index(None, "site_id", "happened_at"),
        Index(None, "reporter_id", "nonce", unique=True),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    nonce: Mapped[str] = mapped_column(String(60))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("bookable.id"))
    reporter_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(String(2000))
    happened_at: Mapped[datetime]
    reported_at: Mapped[datetime]
