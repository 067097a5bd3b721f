"""Scans for tests: passes that are good or not, and doors that are full or not."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from labops.domain.sites.models import Site
from labops.domain.stations.queries import by_code
from labops.domain.visits import codes, services
from labops.domain.visits.commands import Guests, Scan
from labops.domain.visits.models import Visit
from labops.domain.visits.outcomes import Outcome
from labops.domain.visits.states import Act, Way
from labops.kernel import instance
from labops.kernel.db import reading, unit_of_work
from tests.support.world import World


def pass_of(world: World, name: str, at: datetime) -> str:
    """Return what the person's phone shows at the instant."""
    step = codes.step_at(at, codes.PASS_STEP)
    return codes.pass_text(instance.pass_key(reading()), world.uids[name], step)


def digits_of(world: World, name: str, at: datetime) -> str:
    """Return the digits below it."""
    step = codes.step_at(at, codes.PASS_STEP)
    key = instance.pass_key(reading())
    return codes.pass_digits(key, world.people[name], world.uids[name], step)


def screen_at(world: World, at: datetime) -> str:
    """Return what the door's screen adds to its address at the instant."""
    step = codes.step_at(at, codes.SCREEN_STEP)
    return codes.screen_text(instance.pass_key(reading()), door(world), step)


def door(world: World) -> int:
    """Return the number of MHUMA's door."""
    station = by_code(reading(), world.door_code)
    assert station is not None
    return station.id


def laser(world: World) -> int:
    """Return the number of the laser's station."""
    station = by_code(reading(), world.laser_code)
    assert station is not None
    return station.id


def walk(world: World, name: str, now: datetime, **changes: Any) -> Outcome:
    """Let somebody press the button that the code on the door opens."""
    values: dict[str, Any] = {
        "site_id": world.sites["mhuma"],
        "station_id": door(world),
        "device": f"person:{world.people[name]}",
        "nonce": str(uuid.uuid4()),
    } | changes
    return services.scan(Scan(**values), actor=world.actor(name, now), now=now)


def shown(world: World, text: str, now: datetime, **changes: Any) -> Outcome:
    """Let Bob, who is staff, scan what somebody shows."""
    values: dict[str, Any] = {
        "site_id": world.sites["mhuma"],
        "station_id": door(world),
        "device": f"desk:{world.people['bob']}",
        "nonce": str(uuid.uuid4()),
        "way": Way.PASS,
        "text": text,
    } | changes
    return services.scan(Scan(**values), actor=world.actor("bob", now), now=now)


def leave(world: World, name: str, now: datetime, **changes: Any) -> Outcome:
    """Let somebody press that she leaves."""
    return walk(world, name, now, act=Act.CHECK_OUT, **changes)


def bring(world: World, host: str, count: int, now: datetime, **changes: Any) -> Outcome:
    """Let Bob write down guests of somebody."""
    values: dict[str, Any] = {
        "site_id": world.sites["mhuma"],
        "device": f"desk:{world.people['bob']}",
        "nonce": str(uuid.uuid4()),
        "name": "Class 3B",
        "people_count": count,
        "host_uid": world.uids[host],
    } | changes
    return services.receive_guests(Guests(**values), actor=world.actor("bob", now), now=now)


def room_for(world: World, people: int | None) -> None:
    """Let so many people into MHUMA."""
    with unit_of_work() as session:
        session.execute(
            update(Site).where(Site.id == world.sites["mhuma"]).values(people_capacity=people)
        )


def inside(world: World) -> int:
    """Return how many people are in at MHUMA."""
    reading().rollback()
    query = select(func.coalesce(func.sum(Visit.people_count), 0)).where(
        Visit.site_id == world.sites["mhuma"], Visit.ends_at.is_(None)
    )
    return int(reading().scalar(query) or 0)


def change(model: type, *conditions: object, **values: object) -> None:
    """Change rows behind the services' back."""
    with unit_of_work() as session:
        session.execute(update(model).where(*conditions).values(**values))  # type: ignore[arg-type]
