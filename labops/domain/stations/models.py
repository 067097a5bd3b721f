"""Tables of stations and scans."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from labops.kernel.orm import Base, PrimaryKey


class Station(Base):
    """A place with a random code on its wall. A code is an address, never an authority.

    `version` grows with every new code of the same place. A door may lead into a space. Where
    `needs_screen`, only the changing code on the kiosk's screen counts, not the one on the wall.
    """

    __tablename__ = "station"

    id: Mapped[PrimaryKey]
    code: Mapped[str] = mapped_column(String(24), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"), index=True)
    machine_id: Mapped[int | None] = mapped_column(ForeignKey("machine.id"), index=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    space_id: Mapped[int | None] = mapped_column(ForeignKey("space.id"))
    needs_screen: Mapped[bool] = mapped_column(default=False)


class Scan(Base):
    """One act at a door or a machine and what came of it, refusals too.

    The same `nonce` of the same `device` (`person:5`, `kiosk:2`, `desk:7`) gets the same result
    again. `proof` is the changing code that was used and whose it was: once at each site. What came
    without a connection is `recorded_at` later than `at`. `scanned_by_id` is staff, when they did
    it.
    """

    __tablename__ = "scan"
    __table_args__ = (
        Index("uq_scan_device_nonce", "device", "nonce", unique=True),
        Index("uq_scan_site_id_proof", "site_id", "proof", unique=True),
        Index(None, "site_id", "at"),
        Index(None, "visit_id"),
        Index(None, "at"),
    )

    id: Mapped[PrimaryKey]
    site_id: Mapped[int] = mapped_column(ForeignKey("site.id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    device: Mapped[str] = mapped_column(String(48))
    nonce: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(16))
    way: Mapped[str] = mapped_column(String(16))
    result: Mapped[str] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    proof: Mapped[str | None] = mapped_column(String(48))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visit.id"))
    scanned_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    recorded_at: Mapped[datetime | None]
