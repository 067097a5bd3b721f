"""Tables of bookables and of the spaces among them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class BookableKind(StrEnum):
    """What a bookable is."""

    SPACE = "space"
    MACHINE = "machine"


class Bookable(Base):
    """What time can be claimed on: `capacity` N means units 0 to N-1. Buffers in minutes."""

    __tablename__ = "bookable"
    __table_args__ = (
        CheckConstraint("capacity >= 1", name="capacity_is_positive"),
        CheckConstraint("setup_minutes >= 0 AND cleanup_minutes >= 0", name="buffers_not_negative"),
    )
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[PrimaryKey]
    kind: Mapped[str] = mapped_column(String(16))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    capacity: Mapped[int] = mapped_column(default=1)
    setup_minutes: Mapped[int] = mapped_column(default=0)
    cleanup_minutes: Mapped[int] = mapped_column(default=0)
    revised_at: Mapped[datetime]


class Space(Bookable):
    """A room or area inside a site.

    `people_capacity` is how many people bookings may bring into it at once; without it nobody
    counts.
    """

    __tablename__ = "space"
    __mapper_args__ = {"polymorphic_identity": BookableKind.SPACE}

    id: Mapped[int] = mapped_column(ForeignKey("bookable.id"), primary_key=True)
    description: Mapped[str] = mapped_column(Text, default="")
    people_capacity: Mapped[int | None]
