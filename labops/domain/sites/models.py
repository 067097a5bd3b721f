"""Tables of sites and their weekly opening hours."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Site(Base):
    """A physical address. `revision` grows with every change to its hours or house rules.

    `country` (ISO 3166) and `subdivision` say which public holidays it keeps; `local_holidays` are
    days of its own, a line each: `12-07 Sant'Ambrogio`. `people_capacity` is how many people may be
    in at once; without it nobody is turned away.
    """

    __tablename__ = "site"

    id: Mapped[PrimaryKey]
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(80))
    zone: Mapped[str] = mapped_column(String(60))
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    description_it: Mapped[str] = mapped_column(Text, default="")
    description_en: Mapped[str] = mapped_column(Text, default="")
    country: Mapped[str] = mapped_column(String(2), default="IT")
    subdivision: Mapped[str] = mapped_column(String(10), default="")
    local_holidays: Mapped[str] = mapped_column(Text, default="")
    people_capacity: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=1)


class OpeningHours(Base):
    """One weekly span in local wall time; a closing minute past 1440 reaches into the next day."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday_is_a_weekday"),
        CheckConstraint(
            "opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 2880",
            name="closes_after_opening",
        ),
        Index(None, "site_id", "weekday"),
    )

    id: Mapped[PrimaryKey]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    weekday: Mapped[int]
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]
