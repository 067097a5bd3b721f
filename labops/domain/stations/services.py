"""Use cases of stations: hanging and retiring codes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.machines.models import Machine
from labops.domain.spaces import queries as spaces
from labops.domain.stations import queries
from labops.domain.stations.kinds import StationKind
from labops.domain.stations.models import Station
from labops.domain.visits.models import Kiosk
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.ids import new_code
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line


def label_machines(site_id: int, *, actor: Actor, now: datetime) -> int:
    """Give a code to every machine of the site that has none; return how many got one."""
    actor.require(Permission.STATION_EDIT, site_id)
    with unit_of_work() as session:
        labelled = select(Station.machine_id).where(
            Station.retired_at.is_(None), Station.machine_id.is_not(None)
        )
        bare = session.scalars(
            select(Machine).where(
                Machine.site_id == site_id,
                Machine.state != "retired",
                Machine.id.not_in(labelled),
            )
        ).all()
        for machine in bare:
            add_station(session, site_id, machine=machine, actor=actor, now=now)
        return len(bare)


def label_door(site_id: int, name: str, *, actor: Actor, now: datetime, space: str = "") -> None:
    """Give a code to a door, the site's or that of a space (by slug).

    Raises `Invalid` without a name to tell doors apart by, and `NotFound` for another's space.
    """
    actor.require(Permission.STATION_EDIT, site_id)
    if not one_line(name):
        raise Invalid.field("name", "field.required")
    with unit_of_work() as session:
        station = add_station(session, site_id, name=one_line(name)[:120], actor=actor, now=now)
        if space:
            station.space_id = spaces.by_slug(session, site_id, space).id


def replace_station(station_id: int, *, actor: Actor, now: datetime) -> None:
    """Retire a lost or photographed code and hang a new one in its place."""
    with unit_of_work() as session:
        old = _station(session, station_id, actor)
        old.retired_at = old.retired_at or now
        new = Station(
            code=new_code(),
            kind=old.kind,
            site_id=old.site_id,
            machine_id=old.machine_id,
            name=old.name,
            created_at=now,
            version=old.version + 1,
            space_id=old.space_id,
            needs_screen=old.needs_screen,
        )
        session.add(new)
        session.flush()
        # A screen at the door goes on with the new code.
        session.execute(
            update(Kiosk).where(Kiosk.station_id == station_id).values(station_id=new.id)
        )
        audit.record(session, actor, "station.replaced", f"station:{station_id}", now=now)


def retire_station(station_id: int, *, actor: Actor, now: datetime) -> None:
    """Retire a code; scanning it says that the sticker is old."""
    with unit_of_work() as session:
        station = _station(session, station_id, actor)
        if station.retired_at is None:
            station.retired_at = now
            audit.record(session, actor, "station.retired", f"station:{station_id}", now=now)


def add_station(
    session: Session,
    site_id: int,
    *,
    actor: Actor,
    now: datetime,
    machine: Machine | None = None,
    name: str = "",
) -> Station:
    """Add a station inside the caller's transaction: a machine's, or else a door's."""
    if machine is not None and queries.of_machine(session, machine.id) is not None:
        raise Invalid.field("machine", "station.known")
    station = Station(
        code=new_code(),
        kind=StationKind.MACHINE if machine else StationKind.DOOR,
        site_id=site_id,
        machine_id=machine.id if machine else None,
        name=machine.name if machine else name,
        created_at=now,
    )
    session.add(station)
    session.flush()  # its id names it in the audit
    audit.record(session, actor, "station.hung", f"station:{station.id}", now=now)
    return station


def _station(session: Session, station_id: int, actor: Actor) -> Station:
    station = session.get(Station, station_id)
    if station is None or not actor.may(Permission.STATION_EDIT, station.site_id):
        raise NotFound
    return station
