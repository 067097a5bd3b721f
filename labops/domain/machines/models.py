"""Tables of machine types and machines."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from labops.domain.machines.states import MachineState
from labops.domain.spaces.models import Bookable, BookableKind
from labops.kernel.orm import Base, PrimaryKey


class MachineType(Base):
    """What certifications are for and what house rules call a category: laser, 3d-printer."""

    __tablename__ = "machine_type"

    id: Mapped[PrimaryKey]
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name_it: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    process: Mapped[str] = mapped_column(String(40))


class Machine(Bookable):
    """A piece of equipment. The envelope is the largest workpiece in millimetres."""

    __tablename__ = "machine"
    __mapper_args__ = {"polymorphic_identity": BookableKind.MACHINE}

    id: Mapped[int] = mapped_column(ForeignKey("bookable.id"), primary_key=True)
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"))
    machine_type_id: Mapped[int] = mapped_column(ForeignKey("machine_type.id"), index=True)
    maker: Mapped[str] = mapped_column(String(80), default="")
    model: Mapped[str] = mapped_column(String(120), default="")
    serial: Mapped[str] = mapped_column(String(80), default="")
    process: Mapped[str] = mapped_column(String(40), index=True)
    width_mm: Mapped[float | None]
    depth_mm: Mapped[float | None]
    height_mm: Mapped[float | None]
    materials: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(16), default=MachineState.IN_SERVICE)
    state_reason: Mapped[str] = mapped_column(String(300), default="")
    certification_needed: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str] = mapped_column(Text, default="")
    photo: Mapped[str] = mapped_column(String(120), default="")
