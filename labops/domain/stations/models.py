"""Tables of stations and scans."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Station(Base):
    """A place with a random code on its wall. A code is an address, never an authority."""

    __tablename__ = "station"

    id: Mapped[PrimaryKey]
    code: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machine.id"), index=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class Scan(Base):
    """One act at a station and what came of it. The same nonce gets the same result again."""

    __tablename__ = "scan"
    __table_args__ = (Index("uq_scan_person_id_nonce", "person_id", "nonce", unique=True),)

    id: Mapped[PrimaryKey]
    station_id: Mapped[int] = mapped_column(ForeignKey("station.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    nonce: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(16))
    result: Mapped[str] = mapped_column(String(40))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    at: Mapped[datetime]
