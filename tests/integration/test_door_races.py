"""Real processes at the doors at the same moment: one effect each, nobody too many, nobody lost.

With the guard switched off the last place is given several times, or this would prove nothing.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from labops.app import create_app
from labops.domain.bookings import services as bookings
from labops.domain.bookings import sweeping as releasing
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.people.models import Person
from labops.domain.people.queries import actor_of
from labops.domain.stations import services as stations
from labops.domain.stations.models import Scan as Row
from labops.domain.visits import services
from labops.domain.visits.commands import Scan
from labops.domain.visits.models import Visit
from labops.kernel import ledger
from labops.kernel.db import db, is_sqlite, reading
from labops.kernel.permissions import SYSTEM
from tests.conftest import settings_for
from tests.support.doors import door, inside, room_for
from tests.support.people import members
from tests.support.world import NOW, World, at, slot

PROCESSES, TIMES = 4, 3
KINDS = ("last place", "two doors", "queue", "release")
START = at(10)


class Ground:
    """What each process needs to know, made before they begin."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.door = door(world)
        self.people = members(world, 8 * PROCESSES)
        names = reading().execute(select(Person.id, Person.uid).where(Person.id.in_(self.people)))
        self.uids = {row.id: row.uid for row in names}
        stations.label_machines(world.sites["mhuma"], actor=SYSTEM, now=NOW)
        from labops.domain.stations.queries import of_machine  # noqa: PLC0415

        printer = of_machine(reading(), world.machines["printer"])
        assert printer is not None
        self.printer = printer.id
        self.rounds: list[tuple[str, bool, list[int], str]] = []
        crowd = iter(self.people)
        for number in range(TIMES):
            for kind in KINDS:
                count = PROCESSES if kind == "last place" else 1
                chosen, uid = [next(crowd) for _ in range(count)], ""
                if kind == "release":
                    who = actor_of(reading(), chosen[0], now=NOW)
                    command = Book(machines=("printer",), slot=slot(9, 12, 2 + number))
                    uid = bookings.book(command, actor=who, now=NOW)
                self.rounds.append((kind, True, chosen, uid))
        for _time in range(TIMES):
            self.rounds.append(("last place", False, [next(crowd) for _ in range(3)], ""))


def act(ground: Ground, place: int, number: int) -> str:
    """Do what the process of this place does in the round; return the result."""
    kind, _guarded, people, uid = ground.rounds[number]
    person = people[place % len(people)]
    now, bob = START, actor_of(reading(), ground.world.people["bob"], now=NOW)
    values: dict[str, Any] = {
        "site_id": ground.world.sites["mhuma"],
        "station_id": ground.door,
        "device": f"kiosk:{place}",
        "nonce": f"{number}",
        "person_uid": ground.uids[person],
    }
    if kind == "queue":
        values |= {"device": "kiosk:9", "at": now}
        now = at(11)
    if kind == "release":
        day = 2 + [one for one in ground.rounds if one[0] == "release"].index(ground.rounds[number])
        if place % 2:
            return f"swept {releasing.release_missed(now=at(9.26, day))}"
        values |= {"station_id": ground.printer, "booking": uid, "person_uid": ""}
        bob, now = actor_of(reading(), person, now=NOW), at(9.24, day)
    return services.scan(Scan(**values), actor=bob, now=now).result.value


def _process(url: str, folder: Path, ground: Ground, place: int, barrier: Any, told: Any) -> None:
    app = create_app(settings_for(url, folder))
    found = []
    with app.app_context():
        for number, (kind, guarded, _people, _uid) in enumerate(ground.rounds):
            ledger.switch_guard(on=guarded)
            if place == 0:
                room_for(ground.world, inside(ground.world) + 1 if kind == "last place" else None)
            db.session.remove()
            barrier.wait(60)
            try:
                found.append(act(ground, place, number))
            except Exception as error:  # noqa: BLE001 - a process must report, not vanish
                found.append(repr(error)[:200])
            db.session.remove()
            barrier.wait(60)
        db.engine.dispose()
    told.put((place, found))


def test_one_effect_each(app: Flask, world: World, database_url: str, tmp_path: Path) -> None:
    with app.app_context():
        ground = Ground(world)
        db.session.remove()
        context = multiprocessing.get_context("fork")
        barrier, told = context.Barrier(PROCESSES), context.Queue()
        processes = [
            context.Process(
                target=_process,
                args=(database_url, tmp_path / str(n), ground, n, barrier, told),
            )
            for n in range(PROCESSES)
        ]
        for process in processes:
            process.start()
        found = dict(told.get(timeout=120) for _process in processes)
        for process in processes:
            process.join()
        over = 0
        for number, (kind, guarded, people, uid) in enumerate(ground.rounds):
            results = Counter(found[place][number] for place in range(PROCESSES))
            if not guarded:
                over += results["checked_in"] - 1
            elif kind == "last place":
                assert results == {"checked_in": 1, "full": 3}
            elif kind == "two doors":
                assert results == {"checked_in": 1, "already_in": 3}
            elif kind == "queue":
                assert results == {"checked_in": PROCESSES}
                assert one_row(number)
            else:
                agrees(uid, results)
            assert most_visits(people) == 1 or kind == "release" or not guarded
        assert over > 0 or is_sqlite(reading()), "the race does not happen without the guard"


def one_row(number: int) -> bool:
    """Say whether the queue's scan was written once."""
    query = select(func.count(Row.id)).where(Row.device == "kiosk:9", Row.nonce == f"{number}")
    return reading().scalar(query) == 1


def most_visits(people: list[int]) -> int:
    """Return how many visits the busiest of the people has."""
    query = select(Visit.person_id).where(Visit.person_id.in_(people))
    return max(Counter(reading().scalars(query)).values(), default=0)


def agrees(uid: str, results: Counter[str]) -> None:
    """Check that the booking was released or begun, and that everybody was told the same."""
    state = reading().scalar(select(Booking.state).where(Booking.uid == uid))
    swept = sum(int(one.split()[1]) * count for one, count in results.items() if "swept" in one)
    told = {one for one in results if "swept" not in one}
    if state == "missed":
        assert (told, swept) == ({"released"}, 1)
    else:
        assert (state, swept) == ("checked_in", 0)
        assert told <= {"checked_in", "already_in"}
