"""The table of series."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.domain.series.values import Pattern
from labops.kernel.local_time import DAY_MINUTES
from labops.kernel.orm import Base, PrimaryKey


class Series(Base):
    """A person's repeating wish: the local start of its first occurrence, and how it repeats.

    Lengths are elapsed minutes. Occurrences are bookings with this series' id; one whose start is
    not the one that was planned was moved by itself. A series made by moving the later part of
    another one `continues` it.
    """

    __tablename__ = "series"
    __table_args__ = (
        CheckConstraint("weeks in (1, 2)", name="weekly_or_fortnightly"),
        CheckConstraint("length_minutes > 0", name="lasts"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    first_on: Mapped[date]
    starts_minute: Mapped[int]
    length_minutes: Mapped[int]
    weeks: Mapped[int]
    zone: Mapped[str] = mapped_column(String(60))
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("series.id"), index=True)
    created_at: Mapped[datetime]
    revised_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(default=0)

    @property
    def pattern(self) -> Pattern:
        """Return how it repeats."""
        midnight = datetime.combine(self.first_on, datetime.min.time())
        return Pattern(
            starts=midnight + timedelta(minutes=self.starts_minute),
            length=timedelta(minutes=self.length_minutes),
            weeks=self.weeks,
            zone=self.zone,
        )

    @pattern.setter
    def pattern(self, pattern: Pattern) -> None:
        self.first_on = pattern.starts.date()
        self.starts_minute = (pattern.starts.hour * 60 + pattern.starts.minute) % DAY_MINUTES
        self.length_minutes = int(pattern.length / timedelta(minutes=1))
        self.weeks = pattern.weeks
        self.zone = pattern.zone
