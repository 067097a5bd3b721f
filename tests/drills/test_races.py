"""Nobody is ever booked twice: eight processes, one slot, on both engines."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from labops.app import create_app
from labops.domain.people.administration import create_token
from labops.kernel import clock
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.permissions import SYSTEM, Scope
from tests.conftest import settings_for
from tests.drills.races import PROCESSES, Call, halves, overlaps, stampede, winners, wish
from tests.support.servers import serving, workers_of
from tests.support.world import World, build_world

BOOKINGS = "/api/v1/bookings"
WORST_SECONDS = 2.0


class Ground:
    """A database with a world, the tokens of eight people, and free slots to fight for."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.app: Flask = create_app(settings_for(url, folder / "arrange"))
        with self.app.app_context():
            self.world: World = build_world()
            self.tokens = self._people()
            db.engine.dispose()
        now = clock.now()
        self.start = datetime(now.year, now.month, now.day, 9, tzinfo=UTC) + timedelta(days=2)

    def _people(self) -> list[str]:
        """Let eight people book without limits that are not what is raced for."""
        tokens = []
        with unit_of_work() as session:
            session.execute(
                text("UPDATE house_rules_version SET data = :data WHERE level = 'site'"),
                {"data": '{"horizon_days": 400, "open_bookings": 0, "one_at_a_time": 0}'},
            )
            session.execute(text("UPDATE machine SET certification_needed = false"))
            session.execute(text("UPDATE opening_hours SET opens_minute = 0, closes_minute = 1440"))
            session.execute(text("UPDATE bookable SET cleanup_minutes = 0"))
        from tests.support.people import members  # noqa: PLC0415

        for person_id in members(self.world, PROCESSES):
            tokens.append(
                create_token(person_id, Scope.WRITE, actor=SYSTEM, now=clock.now(), days=None)
            )
        reading().rollback()
        return tokens

    def at(self, step: int) -> datetime:
        """Return a slot's start: each step is another hour of another day."""
        return self.start + timedelta(days=step // 8, hours=step % 8)

    def engine(self) -> Engine:
        """Return a way to look into the database."""
        return create_engine(self.url)


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    """Return the ground of a race, on each engine in turn."""
    yield Ground(database_url, tmp_path)


def rounds_of(ground: Ground, count: int, machines: list[list[str]]) -> list[list[Call]]:
    """Return rounds in which everybody wants the same hour."""
    return [
        [
            ("POST", BOOKINGS, wish(machines[n % len(machines)], ground.at(step)), token)
            for n, token in enumerate(ground.tokens)
        ]
        for step in range(count)
    ]


def check_one_winner(ground: Ground, calls: list[list[Call]], *, each: int = 1) -> None:
    """Run the rounds and check that so many won each, and that nobody waited or fell over."""
    with serving(ground.url, ground.folder / "data") as (address, _process):
        outcomes = stampede(address, calls)
    statuses = {outcome.status for outcome in outcomes}
    assert statuses <= {201, 409}, statuses
    refused = {code for outcome in outcomes for code in outcome.codes}
    assert refused <= {"booking.overlap"}
    assert set(winners(outcomes).values()) == {each}
    assert max(outcome.seconds for outcome in outcomes) < WORST_SECONDS
    engine = ground.engine()
    assert overlaps(engine) == 0
    assert set(halves(engine).values()) == {0}
    engine.dispose()


def test_one_slot_has_one_winner(ground: Ground) -> None:
    check_one_winner(ground, rounds_of(ground, 25, [["laser"]]))


@pytest.mark.drill
def test_one_slot_has_one_winner_a_hundred_times(ground: Ground) -> None:
    check_one_winner(ground, rounds_of(ground, 100, [["laser"]]))


def test_three_machines_at_once_have_one_winner(ground: Ground) -> None:
    orders = [
        ["laser", "printer", "benches"],
        ["benches", "printer", "laser"],
        ["printer", "laser", "benches"],
    ]
    check_one_winner(ground, rounds_of(ground, 20, orders))


def test_six_benches_have_six_winners(ground: Ground) -> None:
    check_one_winner(ground, rounds_of(ground, 20, [["benches"]]), each=6)


def test_moves_to_one_slot_have_one_winner(ground: Ground) -> None:
    rounds = 15
    with serving(ground.url, ground.folder / "data") as (address, _process):
        homes = [
            [
                ("POST", BOOKINGS, wish(["laser"], ground.at(200 + step * 8 + n)), token)
                for n, token in enumerate(ground.tokens)
            ]
            for step in range(rounds)
        ]
        assert {outcome.status for outcome in stampede(address, homes)} == {201}
        engine = ground.engine()
        with engine.connect() as connection:
            rows = connection.execute(
                text("SELECT b.uid, b.starts_at, b.person_id FROM booking b ORDER BY b.starts_at")
            ).all()
        owners = sorted({row[2] for row in rows})
        moves: list[list[Call]] = []
        for step in range(rounds):
            body: dict[str, Any] = wish([], ground.at(step))
            del body["machines"]
            mine = {row[2]: row[0] for row in rows[step * 8 : step * 8 + 8]}
            moves.append(
                [
                    ("PATCH", f"{BOOKINGS}/{mine[owner]}", body, token)
                    for owner, token in zip(owners, ground.tokens, strict=True)
                ]
            )
        outcomes = stampede(address, moves)
    assert {outcome.status for outcome in outcomes} == {200, 409}
    assert set(winners(outcomes, status=200).values()) == {1}
    assert overlaps(engine) == 0
    assert set(halves(engine).values()) == {0}
    engine.dispose()


def test_without_the_guard_the_same_race_books_twice(ground: Ground) -> None:
    """The race test proves something: with locks and constraint gone, it fails."""
    engine = ground.engine()
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER allocation_no_overlap_INSERT"))
        else:
            connection.execute(text("ALTER TABLE allocation DROP CONSTRAINT allocation_no_overlap"))
    unsafe = {"LABOPS_UNSAFE_SKIP_LEDGER_GUARD": "true"}
    calls = rounds_of(ground, 60, [["laser"]])
    with serving(ground.url, ground.folder / "data", workers=4, **unsafe) as (address, _process):
        outcomes = stampede(address, calls)
    assert max(winners(outcomes).values()) > 1
    assert overlaps(engine) > 0
    engine.dispose()


@pytest.mark.parametrize(
    "kills", [4, pytest.param(30, marks=pytest.mark.drill)], ids=["few", "many"]
)
def test_killing_workers_leaves_no_half_booking(ground: Ground, kills: int) -> None:
    import threading  # noqa: PLC0415

    done = threading.Event()
    dice = random.Random(3)
    with serving(ground.url, ground.folder / "data") as (address, process):

        def kill() -> None:
            for _ in range(kills):
                time.sleep(0.4)
                workers = workers_of(process.pid)
                if workers:
                    os.kill(dice.choice(workers), signal.SIGKILL)
            done.set()

        killer = threading.Thread(target=kill)
        killer.start()
        made = _book_until(ground, address, done)
        killer.join()
    engine = ground.engine()
    assert overlaps(engine) == 0
    assert set(halves(engine).values()) == {0}
    with engine.connect() as connection:
        kept = set(connection.execute(text("SELECT uid FROM booking")).scalars())
    assert made <= kept
    assert len(made) > kills
    engine.dispose()


def _book_until(ground: Ground, address: str, done: Any) -> set[str]:
    """Book one hour after another while workers die; return the confirmed uids."""
    import http.client  # noqa: PLC0415
    import json  # noqa: PLC0415
    from urllib.parse import urlsplit  # noqa: PLC0415

    place = urlsplit(address)
    made: set[str] = set()
    step = 0
    while not done.is_set() and step < 3000:
        step += 1
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=20)
        try:
            connection.request(
                "POST",
                BOOKINGS,
                json.dumps(wish(["printer"], ground.at(step % 1500))),
                {
                    "Authorization": f"Bearer {ground.tokens[step % PROCESSES]}",
                    "Content-Type": "application/json",
                },
            )
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            continue  # the worker died with our request: the database must say what holds
        finally:
            connection.close()
        assert answer.status in {201, 409}, body
        if answer.status == 201:
            made.add(json.loads(body)["uid"])
    return made
