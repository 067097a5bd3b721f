"""Tables of maintenance."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.interval import Interval
from labops.kernel.orm import Base, PrimaryKey


class MaintenanceBlock(Base):
    """A span during which machines of a site are worked on; everybody can read its reason and note.

    `space_id` says that it was planned for a whole space. Ended early it ends at that moment;
    cancelled it never took place.
    """

    __tablename__ = "maintenance_block"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        Index(None, "site_id", "ends_at"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(200))
    note: Mapped[str] = mapped_column(String(1000))
    created_at: Mapped[datetime]
    revised_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    revision: Mapped[int]

    @property
    def span(self) -> Interval:
        """Return when it takes place."""
        return Interval(self.starts_at, self.ends_at)


class MaintenanceBookable(Base):
    """One machine of a block."""

    __tablename__ = "maintenance_bookable"

    block_id: Mapped[int] = mapped_column(ForeignKey("maintenance_block.id"), primary_key=True)
    bookable_id: Mapped[int] = mapped_column(
        ForeignKey("bookable.id"), primary_key=True, index=True
    )
