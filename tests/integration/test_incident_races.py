"""Real processes: one place for two who accept, a report against a booking, one part for two.

Each round has one effect, and a booking that came before the stop is among those that hear of it.
"""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from labops.app import create_app
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.incidents import alternatives
from labops.domain.incidents import services as incidents
from labops.domain.incidents.services import ReportFault
from labops.domain.incidents.states import Severity
from labops.domain.machines.models import Machine
from labops.domain.machines.services import DescribeMachine, add_machine
from labops.domain.people.queries import actor_of
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.conftest import settings_for
from tests.support.people import members
from tests.support.world import NOW, World, slot

ROUNDS = 4


class Ground:
    """Machines of a kind for every round, whose people were made before."""

    def __init__(self, world: World) -> None:
        self.people = members(world, 2 * ROUNDS)
        self.bookings: list[tuple[str, str]] = []
        self.freed: list[str] = []
        for number in range(ROUNDS):
            first, second, other, single = (
                self._printer(world, f"{name}-{number}")
                for name in ("first", "second", "other", "single")
            )
            when = slot(9, 10, number + 1)
            uids = tuple(
                self._book(2 * number + place, slug, when)
                for place, slug in enumerate((first, second))
            )
            self.bookings.append((uids[0], uids[1]))
            for slug in (first, second):
                stop(slug, world.people["bob"], slug)
            self.freed.append(other)
            assert single == f"single-{number}"

    def _printer(self, world: World, slug: str) -> str:
        with unit_of_work() as session:
            printer = DescribeMachine(name=slug, slug=slug, machine_type="printer-fdm")
            add_machine(session, world.sites["mhuma"], printer, actor=SYSTEM, now=NOW)
        return slug

    def _book(self, place: int, slug: str, when: Any) -> str:
        actor = actor_of(reading(), self.people[place], now=NOW)
        return services.book(Book(machines=(slug,), slot=when), actor=actor, now=NOW)


def stop(slug: str, person: int, nonce: str) -> str:
    """Report that a machine must stop."""
    command = ReportFault(machine=slug, severity=Severity.STOPS, text="Smoke", nonce=nonce)
    return incidents.report(command, actor=actor_of(reading(), person, now=NOW), now=NOW)


def act(ground: Ground, kind: str, number: int, place: int) -> str:
    """Do what the process of this place does; return what came of it."""
    person = ground.people[2 * number + place]
    actor = actor_of(reading(), person, now=NOW)
    if kind == "accept":
        uid, other = ground.bookings[number][place], ground.freed[number]
        when = slot(9, 10, number + 1)
        return str(alternatives.accept(uid, (other,), when, actor=actor, now=NOW))
    slug = f"single-{number}"
    if place == 0:
        return stop(slug, person, "race")
    when = slot(14, 15, number + 1)
    return services.book(Book(machines=(slug,), slot=when), actor=actor, now=NOW)


def _process(url: str, folder: Path, ground: Ground, place: int, barrier: Any, told: Any) -> None:
    app = create_app(settings_for(url, folder))
    found = []
    with app.app_context():
        for kind in ("accept", "stop"):
            for number in range(ROUNDS):
                db.session.remove()
                barrier.wait(60)
                try:
                    found.append(act(ground, kind, number, place))
                except Exception as error:  # noqa: BLE001 - a process must report, not vanish
                    found.append(f"refused {error}"[:80])
    told.put((place, found))


def test_accepting_and_stopping_at_the_same_moment(
    app: Flask, world: World, database_url: str, tmp_path: Path
) -> None:
    ground = Ground(world)
    db.session.remove()
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(2), context.Queue()
    running = [
        context.Process(
            target=_process,
            args=(database_url, tmp_path / str(place), ground, place, barrier, told),
        )
        for place in range(2)
    ]
    for one in running:
        one.start()
    found = dict(told.get(timeout=120) for _one in running)
    for one in running:
        one.join(30)
    session = reading()
    for number in range(ROUNDS):
        results = sorted(found[place][number] for place in range(2))
        assert results[0] == "True", results
        assert results[1].startswith("refused booking.overlap"), results
        there = session.scalars(
            select(Booking.uid)
            .join(BookingBookable, BookingBookable.booking_id == Booking.id)
            .join(Machine, Machine.id == BookingBookable.bookable_id)
            .where(Machine.slug == ground.freed[number])
        ).all()
        assert len(there) == 1
    for number in range(ROUNDS):
        uid = found[1][ROUNDS + number]
        machine = session.scalars(select(Machine).where(Machine.slug == f"single-{number}")).one()
        assert machine.state == "out_of_service"
        hits = alternatives.of_machine(session, machine.id, now=NOW + timedelta(seconds=1))
        if uid.startswith("refused"):
            assert "machine.out-of-service" in uid
            assert hits == []
        else:
            assert [hit.booking.uid for hit in hits] == [uid]
