"""Tables of bookings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.interval import Interval
from labops.kernel.orm import Base, PrimaryKey


class Booking(Base):
    """A person's claim on one or more bookables for one slot, buffers left out.

    With a firm it is made under its name and on its plan.
    `sequence` and `revised_at` follow what calendars see; `check_in_by` is the end of the
    grace that the rules in force at the time of the booking gave. A requested booking lapses at
    `decide_by`. `people_count` is how many come, the person included; `fields` what was said
    besides, by the names that the house rules give. As an `occurrence` of a series it was meant to
    start at `planned_at`.
    """

    __tablename__ = "booking"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index(None, "person_id", "ends_at"),
        Index(None, "ends_at", "starts_at"),
        Index(
            "ix_booking_check_in_by",
            "check_in_by",
            sqlite_where=text("state = 'confirmed'"),
            postgresql_where=text("state = 'confirmed'"),
        ),
        Index(
            "ix_booking_running_ends_at",
            "ends_at",
            sqlite_where=text("state = 'checked_in'"),
            postgresql_where=text("state = 'checked_in'"),
        ),
        Index(
            "ix_booking_decide_by",
            "decide_by",
            sqlite_where=text("state = 'requested'"),
            postgresql_where=text("state = 'requested'"),
        ),
        Index(
            "ix_booking_series_id",
            "series_id",
            sqlite_where=text("series_id IS NOT NULL"),
            postgresql_where=text("series_id IS NOT NULL"),
        ),
        Index(
            "ix_booking_firm_id_ends_at",
            "firm_id",
            "ends_at",
            sqlite_where=text("firm_id IS NOT NULL"),
            postgresql_where=text("firm_id IS NOT NULL"),
        ),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(String(500), default="")
    override_reason: Mapped[str] = mapped_column(String(300), default="")
    check_in_by: Mapped[datetime]
    checked_in_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    revised_at: Mapped[datetime]
    sequence: Mapped[int] = mapped_column(default=0)
    rules_revision: Mapped[int] = mapped_column(default=0)
    people_count: Mapped[int] = mapped_column(default=1)
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    walk_in: Mapped[bool] = mapped_column(default=False)
    cancelled_late: Mapped[bool] = mapped_column(default=False)
    decide_by: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(String(300), default="")
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"))
    occurrence: Mapped[int | None]
    planned_at: Mapped[datetime | None]
    firm_id: Mapped[int | None] = mapped_column(ForeignKey("firm.id"))

    @property
    def slot(self) -> Interval:
        """Return the booked span."""
        return Interval(self.starts_at, self.ends_at)


class BookingBookable(Base):
    """One bookable of a booking."""

    __tablename__ = "booking_bookable"

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    bookable_id: Mapped[int] = mapped_column(
        ForeignKey("bookable.id"), primary_key=True, index=True
    )


class HandOver(Base):
    """A booking that its owner offers to whoever has an address, or that was handed over.

    The address is kept only while the offer is open, also when nobody has it: whoever offers
    cannot tell. `reason` is what staff said who handed it over themselves.
    """

    __tablename__ = "hand_over"
    __table_args__ = (
        Index(
            "uq_hand_over_open",
            "booking_id",
            unique=True,
            sqlite_where=text("outcome = 'offered'"),
            postgresql_where=text("outcome = 'offered'"),
        ),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    giver_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    to_email: Mapped[str] = mapped_column(String(254), index=True)
    outcome: Mapped[str] = mapped_column(String(16))
    offered_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    receiver_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")
