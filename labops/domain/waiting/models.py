"""Tables of the waiting list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.interval import Interval
from labops.kernel.orm import Base, PrimaryKey

_WAITING = text("state = 'waiting'")
_HELD = text("state = 'held'")


class WaitingWish(Base):
    """A person's wish for so many minutes inside a window, on named machines or on any of a kind.

    Named machines stand in `waiting_wish_bookable` and are wanted together; else `category` or
    `process` says of which kind any one machine of the site will do. Whoever joined first comes
    first. `last_start_at` is the latest start that fits: after it the wish lapses.
    """

    __tablename__ = "waiting_wish"
    __table_args__ = (
        CheckConstraint("earliest_at < latest_at", name="ends_after_start"),
        CheckConstraint("minutes > 0", name="lasts"),
        Index(None, "person_id", "state"),
        Index(None, "site_id", "state"),
        Index(
            "ix_waiting_wish_line",
            "created_at",
            "id",
            sqlite_where=_WAITING,
            postgresql_where=_WAITING,
        ),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    category: Mapped[str] = mapped_column(String(60), default="")
    process: Mapped[str] = mapped_column(String(40), default="")
    earliest_at: Mapped[datetime]
    latest_at: Mapped[datetime]
    last_start_at: Mapped[datetime]
    minutes: Mapped[int]
    people_count: Mapped[int] = mapped_column(default=1)
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    note: Mapped[str] = mapped_column(String(500), default="")
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(300), default="")

    @property
    def window(self) -> Interval:
        """Return the span inside which the time must lie."""
        return Interval(self.earliest_at, self.latest_at)


class WaitingWishBookable(Base):
    """One machine that a wish names."""

    __tablename__ = "waiting_wish_bookable"

    wish_id: Mapped[int] = mapped_column(ForeignKey("waiting_wish.id"), primary_key=True)
    bookable_id: Mapped[int] = mapped_column(
        ForeignKey("bookable.id"), primary_key=True, index=True
    )


class Offer(Base):
    """A slot held in the ledger for the person of a wish, until `answer_by`.

    A wish has one held offer at most; the database sees to that, too.
    """

    __tablename__ = "offer"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        CheckConstraint("answer_by <= starts_at", name="answered_before_start"),
        Index(
            "ix_offer_held_wish_id",
            "wish_id",
            unique=True,
            sqlite_where=_HELD,
            postgresql_where=_HELD,
        ),
        Index("ix_offer_answer_by", "answer_by", sqlite_where=_HELD, postgresql_where=_HELD),
        Index(None, "wish_id"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    wish_id: Mapped[int] = mapped_column(ForeignKey("waiting_wish.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))

    @property
    def slot(self) -> Interval:
        """Return the offered span, buffers left out."""
        return Interval(self.starts_at, self.ends_at)


class OfferBookable(Base):
    """One machine of an offer."""

    __tablename__ = "offer_bookable"

    offer_id: Mapped[int] = mapped_column(ForeignKey("offer.id"), primary_key=True)
    bookable_id: Mapped[int] = mapped_column(
        ForeignKey("bookable.id"), primary_key=True, index=True
    )
