"""Reads of stations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.machines.models import Machine
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.domain.stations.models import Scan, Station
from labops.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class StationView:
    """A station with the site and, when it hangs on one, the machine in words."""

    id: int
    code: str
    kind: str
    name: str
    site: str
    machine: str | None
    machine_name: str | None
    space: str | None
    created_at: datetime
    retired_at: datetime | None
    version: int
    site_id: int
    machine_id: int | None
    space_id: int | None
    needs_screen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActView:
    """What somebody did at a station earlier, and to which booking."""

    station_id: int | None
    act: str
    result: str
    booking: str | None
    at: datetime


def by_code(session: Session, code: str) -> Station | None:
    """Return the station of a code, a retired one too."""
    return session.scalar(select(Station).where(Station.code == code))


def view_by_code(session: Session, code: str) -> StationView:
    """Return the station of a code, a retired one too; raises `NotFound`."""
    return _one(session, Station.code == code)


def of_site_by_id(session: Session, site_id: int, station_id: int) -> StationView:
    """Return a station of the site; raises `NotFound`."""
    return _one(session, Station.id == station_id, Station.site_id == site_id)


def hanging(session: Session, site_id: int) -> list[StationView]:
    """Return the site's stations that hang today, doors first, with their machines in words."""
    query = _SHOWN.where(Station.site_id == site_id, Station.retired_at.is_(None))
    rows = session.execute(query.order_by(Station.kind, Station.name, Station.id))
    return [StationView(**row._mapping) for row in rows]


def act_of_nonce(session: Session, person_id: int, nonce: str) -> ActView | None:
    """Return what came of the earlier act with the same nonce of the person's own phone."""
    row = session.execute(
        select(Scan.station_id, Scan.act, Scan.result, Booking.uid.label("booking"), Scan.at)
        .outerjoin(Booking, Booking.id == Scan.booking_id)
        .where(Scan.device == f"person:{person_id}", Scan.nonce == nonce)
    ).one_or_none()
    return ActView(**row._mapping) if row else None


def of_site(session: Session, site_id: int) -> list[Station]:
    """Return the site's stations that hang today, doors first."""
    return list(
        session.scalars(
            select(Station)
            .where(Station.site_id == site_id, Station.retired_at.is_(None))
            .order_by(Station.kind, Station.name, Station.id)
        )
    )


def of_machine(session: Session, machine_id: int) -> Station | None:
    """Return the machine's station that hangs today."""
    return session.scalar(
        select(Station)
        .where(Station.machine_id == machine_id, Station.retired_at.is_(None))
        .order_by(Station.id.desc())
        .limit(1)
    )


_place = Bookable.__table__.alias("place")
_SHOWN = (
    select(
        Station.id,
        Station.code,
        Station.kind,
        Station.name,
        Station.created_at,
        Station.retired_at,
        Station.version,
        Station.site_id,
        Station.machine_id,
        func.coalesce(Station.space_id, Machine.space_id).label("space_id"),
        Station.needs_screen,
        Site.slug.label("site"),
        Machine.slug.label("machine"),
        Machine.name.label("machine_name"),
        _place.c.name.label("space"),
    )
    .join(Site, Site.id == Station.site_id)
    .outerjoin(Machine, Machine.id == Station.machine_id)
    .outerjoin(_place, _place.c.id == func.coalesce(Station.space_id, Machine.space_id))
)


def _one(session: Session, *conditions: ColumnElement[bool]) -> StationView:
    row = session.execute(_SHOWN.where(*conditions)).one_or_none()
    if row is None:
        raise NotFound
    return StationView(**row._mapping)
