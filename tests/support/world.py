"""A small world: two sites, a few machines, and people of every kind.

Alice is a certified member of MHUMA and Bob works there; Charlie is another member; Dora works
at the other site; Eva is an admin; Sam is a suspended member; Nina has an account and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from labops.domain.certifications.services import Certify, add_certification
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.house_rules.values import Level
from labops.domain.machines.services import DescribeMachine, add_machine, add_machine_type
from labops.domain.memberships.services import add_membership
from labops.domain.people import queries
from labops.domain.people.administration import GiveRole, add_person, add_role, create_token
from labops.domain.people.models import Account, Person
from labops.domain.people.services import Device, SignUp, open_sign_in
from labops.domain.sites.services import DescribeSite, Span, add_site, replace_hours
from labops.domain.spaces.services import DescribeSpace, add_space
from labops.domain.stations.services import add_station
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM, Actor, Role, Scope

# A Monday morning in Milan, far from the nights when the clocks change.
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
PEOPLE = ("alice", "bob", "charlie", "dora", "eva", "sam", "nina")


@dataclass
class World:
    """Ids and uids by name."""

    sites: dict[str, int] = field(default_factory=dict)
    machines: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)
    door_code: str = ""
    laser_code: str = ""

    def actor(self, name: str, now: datetime = NOW) -> Actor:
        """Return the person as an actor with all her rights."""
        return queries.actor_of(reading(), self.people[name], now=now)

    def token(self, name: str, scope: Scope = Scope.STAFF) -> str:
        """Return a fresh API token of the person."""
        return create_token(self.people[name], scope, actor=SYSTEM, now=clock.now(), days=None)

    def headers(self, name: str, scope: Scope = Scope.STAFF) -> dict[str, str]:
        """Return the header that carries a fresh API token of the person."""
        return {"Authorization": f"Bearer {self.token(name, scope)}"}

    def browser(self, app: Flask, name: str) -> FlaskClient:
        """Return a browser in which the person is signed in."""
        account = (
            reading().scalars(select(Account).where(Account.person_id == self.people[name])).one()
        )
        secret = open_sign_in(account.id, device=Device(name="test"), now=clock.now())
        client = app.test_client()
        client.set_cookie("labops_sign_in", secret)
        return client


def at(hours: float, day: int = 1) -> datetime:
    """Return an instant on a local clock in Milan, `day` days after Monday 23 November 2026."""
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(days=day, hours=hours - 1)


def slot(start: float, end: float, day: int = 1) -> Interval:
    """Return a slot between two local hours of a day (1 is Tuesday)."""
    return Interval(at(start, day), at(end, day))


def next_slot(start: float, hours: float = 1) -> Interval:
    """Return a slot on the day after tomorrow by the real clock, at a local hour in Milan."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    rome = ZoneInfo("Europe/Rome")
    day = clock.now().astimezone(rome).date() + timedelta(days=2)
    local = datetime(day.year, day.month, day.day, int(start), int(start % 1 * 60), tzinfo=rome)
    begins = local.astimezone(UTC)
    return Interval(begins, begins + timedelta(hours=hours))


def build_world() -> World:
    """Fill the database."""
    world = World()
    with unit_of_work() as session:
        for slug, name in (("mhuma", "MHUMA"), ("smart-city-lab", "Smart City Lab")):
            site = add_site(
                session,
                DescribeSite(slug=slug, name=name, address="via Prova 1", city="Milano"),
                actor=SYSTEM,
                now=NOW,
            )
            world.sites[slug] = site.id
            # Open every day, so that tests by the real clock pass on any day of the week.
            hours = [Span(weekday=d, opens_minute=8 * 60, closes_minute=20 * 60) for d in range(7)]
            replace_hours(session, site.id, hours, actor=SYSTEM, now=NOW)
            data = {
                "grid_minutes": 30,
                "longest_minutes": 240,
                "horizon_days": 14,
                "open_bookings": 6,
                "one_at_a_time": 3,
            }
            add_version(session, SaveRules(site_id=site.id, data=data), actor=SYSTEM, now=NOW)
            laser_rules = SaveRules(
                site_id=site.id, data={"longest_minutes": 120}, level=Level.CATEGORY, key="laser"
            )
            add_version(session, laser_rules, actor=SYSTEM, now=NOW)
            space = add_space(
                session,
                site.id,
                DescribeSpace(name=f"{name} officina", capacity=20),
                actor=SYSTEM,
                now=NOW,
            )
            add_machine_type(
                session, "laser", name_it="Laser", name_en="Laser", process="laser_cutting"
            )
            add_machine_type(
                session, "printer-fdm", name_it="Stampante 3D", name_en="3D printer", process="fdm"
            )
            add_machine_type(
                session, "bench", name_it="Banco", name_en="Bench", process="electronics"
            )
            for machine_slug, kind, changes in (
                ("laser", "laser", {"certification_needed": True, "cleanup_minutes": 15}),
                ("printer", "printer-fdm", {}),
                ("benches", "bench", {"capacity": 6}),
            ):
                full = machine_slug if slug == "mhuma" else f"{machine_slug}-scl"
                machine = add_machine(
                    session,
                    site.id,
                    DescribeMachine(
                        name=full.title(), slug=full, machine_type=kind, space=space.slug, **changes
                    ),  # type: ignore[arg-type]
                    actor=SYSTEM,
                    now=NOW,
                )
                world.machines[full] = machine.id
                if full == "laser":
                    station = add_station(session, site.id, machine=machine, actor=SYSTEM, now=NOW)
                    world.laser_code = station.code
            if slug == "mhuma":
                door = add_station(session, site.id, name="Ingresso", actor=SYSTEM, now=NOW)
                world.door_code = door.code
        for name in PEOPLE:
            uid = add_person(
                session,
                SignUp(
                    name=name.title(),
                    email=f"{name}@example.org",
                    password=PASSWORD,
                    language="en",
                    confirmed=True,
                ),
                actor=SYSTEM,
                now=NOW,
            )
            person = session.scalars(select(Person).where(Person.uid == uid)).one()
            world.people[name] = person.id
            world.uids[name] = uid
            if name in {"alice", "charlie", "sam"}:
                add_membership(
                    session,
                    person,
                    world.sites["mhuma"],
                    starts_on=date(2026, 1, 1),
                    ends_on=None,
                    actor=SYSTEM,
                    now=NOW,
                )
            if name in {"alice", "bob"}:
                add_certification(
                    session,
                    Certify(person_uid=uid, machine_type="laser", starts_on=date(2026, 1, 1)),
                    actor=SYSTEM,
                    now=NOW,
                )
            if name == "sam":
                person.suspended_until = datetime(2099, 1, 1, tzinfo=UTC)
        for name, role, place in (
            ("bob", Role.STAFF, "mhuma"),
            ("dora", Role.STAFF, "smart-city-lab"),
            ("eva", Role.ADMIN, None),
        ):
            add_role(
                session,
                GiveRole(
                    person_uid=world.uids[name],
                    role=role,
                    site_id=world.sites[place] if place else None,
                ),
                actor=SYSTEM,
                now=NOW,
            )
    return world
