"""Tables of consent, of looks at what is delicate, and of how long things are kept."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Consent(Base):
    """One yes or no of a person to one purpose. Rows are only added: the latest one holds."""

    __tablename__ = "consent"
    __table_args__ = (Index(None, "person_id", "purpose"),)

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    purpose: Mapped[str] = mapped_column(String(30))
    given: Mapped[bool]
    decided_at: Mapped[datetime]


class Look(Base):
    """Somebody looked at something delicate of a person's: one row a day."""

    __tablename__ = "look"
    __table_args__ = (
        Index("uq_look_once_a_day", "person_id", "looker_id", "what", "looked_on", unique=True),
    )

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    looker_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    what: Mapped[str] = mapped_column(String(30))
    looked_on: Mapped[date]
    looked_at: Mapped[datetime] = mapped_column(index=True)


class RetentionPeriod(Base):
    """How many days something is kept, where the installation decided other than labops does."""

    __tablename__ = "retention_period"

    kind: Mapped[str] = mapped_column(String(30), primary_key=True)
    days: Mapped[int]
    changed_at: Mapped[datetime]
