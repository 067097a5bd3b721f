"""Tables of closures, and of the outside calendars that propose some."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Closure(Base):
    """A span when the site (or only one space) is shut."""

    __tablename__ = "closure"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index(None, "site_id", "ends_at"),
    )

    id: Mapped[PrimaryKey]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))


class OutsideCalendar(Base):
    """A calendar that somebody else keeps, whose entries are proposed as closures.

    `revision` grows with whatever staff would see change. `read_at` is when its whole text was
    last read, `checked_at` when it was last asked for; `failing_since` holds while that fails.
    """

    __tablename__ = "outside_calendar"
    __table_args__ = (
        Index(None, "site_id"),
        Index("uq_outside_calendar_site_id_year", "site_id", "year", unique=True),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"))
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(1000), default="")
    year: Mapped[int | None]
    etag: Mapped[str] = mapped_column(String(200), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    added_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    error_code: Mapped[str] = mapped_column(String(60), default="")
    error_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    left_out_count: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=1)


class ProposedClosure(Base):
    """One entry of an outside calendar, what staff said of it, and the closure made of it.

    `mark` and `accepted_mark` are those of the entry now and when it was accepted. A closure that
    staff took back leaves `accepted_mark` without a closure: nothing is proposed until it changes.
    """

    __tablename__ = "proposed_closure"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index("uq_proposed_closure_calendar_id_key", "calendar_id", "key", unique=True),
        Index(None, "closure_id"),
    )

    id: Mapped[PrimaryKey]
    calendar_id: Mapped[int] = mapped_column(ForeignKey("outside_calendar.id"))
    key: Mapped[str] = mapped_column(String(32))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
    mark: Mapped[str] = mapped_column(String(32))
    closure_id: Mapped[int | None] = mapped_column(ForeignKey("closure.id", ondelete="SET NULL"))
    accepted_mark: Mapped[str] = mapped_column(String(32), default="")
    ignored: Mapped[bool] = mapped_column(default=False)
    missing: Mapped[bool] = mapped_column(default=False)
    held: Mapped[bool] = mapped_column(default=False)
