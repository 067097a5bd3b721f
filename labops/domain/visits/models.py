"""Tables of visits, of the screens at doors, and of roll calls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey

_OPEN = text("ends_at IS NULL")


class Visit(Base):
    """A stay at a site: a person's, or guests' for whom a host answers.

    `people_count` is how many it stands for; `guest_name` is a guest's or a group's, `names` those
    of its people as far as they are known. `auto_closed` says that nobody checked out.
    """

    __tablename__ = "visit"
    __table_args__ = (
        CheckConstraint("people_count >= 1", name="somebody_came"),
        CheckConstraint("ends_at IS NULL OR starts_at <= ends_at", name="ends_after_start"),
        CheckConstraint("(person_id IS NULL) <> (host_id IS NULL)", name="person_or_host"),
        # Nobody is in two places, whichever doors say so at once.
        Index(
            "uq_visit_open_person_id",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index("ix_visit_open_site_id", "site_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "site_id", "starts_at"),
        Index(None, "person_id", "starts_at"),
        Index(None, "host_id"),
        Index(None, "ends_at"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    host_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    guest_name: Mapped[str] = mapped_column(String(120), default="")
    names: Mapped[list[str]] = mapped_column(default=list)
    people_count: Mapped[int] = mapped_column(default=1)
    minors: Mapped[bool] = mapped_column(default=False)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    auto_closed: Mapped[bool] = mapped_column(default=False)
    over_capacity: Mapped[bool] = mapped_column(default=False)


class Kiosk(Base):
    """A screen at a door. Its cookie holds the secret, the row only its digest.

    `last_counter` is the highest number that its queue has sent.
    """

    __tablename__ = "kiosk"

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"))
    name: Mapped[str] = mapped_column(String(80))
    secret_digest: Mapped[str] = mapped_column(String(64), unique=True)
    enrolled_at: Mapped[datetime]
    enrolled_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    last_seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class RollCall(Base):
    """The counting of everybody who was in, once it was begun."""

    __tablename__ = "roll_call"
    __table_args__ = (Index(None, "site_id", "started_at"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    started_at: Mapped[datetime]
    started_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]


class RollCallTick(Base):
    """Somebody was found, or so many of a group; rows are only ever added."""

    __tablename__ = "roll_call_tick"
    __table_args__ = (
        Index("uq_roll_call_tick_nonce", "roll_call_id", "nonce", unique=True),
        Index(None, "visit_id"),
    )

    id: Mapped[PrimaryKey]
    roll_call_id: Mapped[int] = mapped_column(ForeignKey("roll_call.id"))
    visit_id: Mapped[int] = mapped_column(ForeignKey("visit.id"))
    found_count: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    nonce: Mapped[str] = mapped_column(String(64))
