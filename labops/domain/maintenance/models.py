"""Tables of maintenance."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String
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


class MaintenancePlan(Base):
    """Work that comes round again on a machine: every so many months, hours of use, or both.

    `done_at` is when it was last done, or when the plan began. `told` is the standing that staff
    were told of since then, empty for none. `checklist` has a step a line.
    """

    __tablename__ = "maintenance_plan"
    __table_args__ = (
        CheckConstraint("every_months > 0 OR every_hours > 0", name="comes_round"),
        Index(None, "site_id", "retired_at"),
        Index(None, "machine_id", "retired_at"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    machine_id: Mapped[int] = mapped_column(ForeignKey("bookable.id"))
    title: Mapped[str] = mapped_column(String(120))
    every_months: Mapped[int | None]
    every_hours: Mapped[int | None]
    minutes: Mapped[int]
    checklist: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime]
    told: Mapped[str] = mapped_column(String(10))
    retired_at: Mapped[datetime | None]


class MaintenanceTask(Base):
    """Work that was done on a machine: by a plan, for an incident, or just so. Cost in euro."""

    __tablename__ = "maintenance_task"
    __table_args__ = (
        Index(None, "machine_id", "done_at"),
        Index(None, "person_id", "nonce", unique=True),
        Index(None, "plan_id"),
        Index(None, "incident_id"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    nonce: Mapped[str] = mapped_column(String(60))
    machine_id: Mapped[int] = mapped_column(ForeignKey("bookable.id"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("maintenance_plan.id"))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(String(120))
    note: Mapped[str] = mapped_column(String(1000))
    done_steps: Mapped[str] = mapped_column(String(2000))
    minutes: Mapped[int]
    cost: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    photo: Mapped[str] = mapped_column(String(120))
    done_at: Mapped[datetime]


class SparePart(Base):
    """A consumable or spare part of a site: how many there are, and below how many to buy."""

    __tablename__ = "spare_part"
    __table_args__ = (
        CheckConstraint("stock >= 0 AND minimum >= 0", name="counts_not_negative"),
        Index(None, "site_id", "name", unique=True),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[str] = mapped_column(String(32), unique=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    name: Mapped[str] = mapped_column(String(120))
    supplier: Mapped[str] = mapped_column(String(200))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    stock: Mapped[int]
    minimum: Mapped[int]
    revised_at: Mapped[datetime]


class MaintenanceTaskPart(Base):
    """How many of a part a task used, and what one cost then."""

    __tablename__ = "maintenance_task_part"

    task_id: Mapped[int] = mapped_column(ForeignKey("maintenance_task.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("spare_part.id"), primary_key=True, index=True)
    count: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
