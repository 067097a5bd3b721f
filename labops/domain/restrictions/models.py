"""Tables of what staff decided for one person."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Restriction(Base):
    """A person limited to some machines or machine types (slugs), or shut out without any.

    It holds for bookings before the local date `until_on`, or for good, until it is lifted.
    """

    __tablename__ = "restriction"

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    machines: Mapped[list[str]]
    categories: Mapped[list[str]]
    until_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]


class TopUp(Base):
    """What one person has besides a quota, by the quota's name: minutes, or a count.

    It holds for bookings from `starts_on` to `ends_on`, local days, both included.
    """

    __tablename__ = "top_up"

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    quota: Mapped[str] = mapped_column(String(60))
    minutes: Mapped[int] = mapped_column(default=0)
    count: Mapped[int] = mapped_column(default=0)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]
