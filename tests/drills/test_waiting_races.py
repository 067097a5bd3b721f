"""Freed time has one taker: the waiting list against bookings, answers and a second scheduler.

Real processes, each with the whole application, act at the same moment, on both engines. With
locks, second looks and constraints gone each of these races has two winners: so they prove
something.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, text

from labops.app import create_app
from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.people.queries import actor_of
from labops.domain.waiting import answering, offering, services
from labops.domain.waiting.models import Offer
from labops.domain.waiting.services import Join
from labops.kernel import ledger
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor
from tests.conftest import settings_for
from tests.drills.races import overlaps
from tests.support.people import members
from tests.support.world import NOW, build_world

HOUR = timedelta(hours=1)
HOLDER, WAITER, STRANGER = range(3)
RULES = '{"horizon_days": 400, "open_bookings": 0, "one_at_a_time": 0, "offer_held_minutes": 60}'
# What one process does in a round: it gets the ground, the round's slot and the offer's uid.
Act = Callable[["Ground", Interval, str], bool]


@dataclass
class Ground:
    """A database in which one person holds time, one waits and one passes by."""

    url: str
    folder: Path
    people: list[int]

    def slot(self, step: int) -> Interval:
        start = NOW + timedelta(days=2 + step // 8, hours=step % 8)
        return Interval(start, start + HOUR)

    def actor(self, who: int) -> Actor:
        return actor_of(reading(), self.people[who], now=NOW)

    def free_what_is_waited_for(self, slot: Interval) -> None:
        command = Book(machines=("printer",), slot=slot)
        booked = bookings.book(command, actor=self.actor(HOLDER), now=NOW)
        wish = Join(machines=("printer",), window=slot, length=HOUR)
        services.join(wish, actor=self.actor(WAITER), now=NOW)
        bookings.cancel(booked, actor=self.actor(HOLDER), now=NOW)

    def offer(self, slot: Interval) -> str:
        self.free_what_is_waited_for(slot)
        assert offering.offer_freed_time(now=NOW).offered == 1
        return reading().scalars(select(Offer.uid).where(Offer.starts_at == slot.starts_at)).one()

    def engine(self) -> Engine:
        return create_engine(self.url)


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    app = create_app(settings_for(database_url, tmp_path / "arrange"))
    with app.app_context():
        world = build_world()
        people = members(world, 3)
        with unit_of_work() as session:
            session.execute(
                text("UPDATE house_rules_version SET data = :data WHERE level = 'site'"),
                {"data": RULES},
            )
            session.execute(text("UPDATE opening_hours SET opens_minute = 0, closes_minute = 1440"))
        db.engine.dispose()
    yield Ground(database_url, tmp_path, people)


def promote(_ground: Ground, _slot: Interval, _offer: str) -> bool:
    return offering.offer_freed_time(now=NOW).offered > 0


def book(ground: Ground, slot: Interval, _offer: str) -> bool:
    command = Book(machines=("printer",), slot=slot)
    return won(lambda: bookings.book(command, actor=ground.actor(STRANGER), now=NOW))


def accept(ground: Ground, _slot: Interval, offer: str) -> bool:
    return won(lambda: answering.accept(offer, actor=ground.actor(WAITER), now=NOW))


def decline(ground: Ground, _slot: Interval, offer: str) -> bool:
    return won(lambda: answering.decline(offer, actor=ground.actor(WAITER), now=NOW))


def lapse(_ground: Ground, _slot: Interval, _offer: str) -> bool:
    return offering.offer_freed_time(now=NOW + HOUR).lapsed > 0


def won(act: Callable[[], object]) -> bool:
    try:
        act()
    except Refused:
        return False
    return True


RACES: dict[str, tuple[bool, Act, Act]] = {
    "promotion against a booking": (False, promote, book),
    "two schedulers": (False, promote, promote),
    "accept against decline": (True, accept, decline),
    "accept against the deadline": (True, accept, lapse),
}


def race(ground: Ground, name: str, rounds: int, *, guard: bool) -> list[int]:
    """Let both act at the same moment, round after round; return how many won each."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(2), context.Queue()
    offer = context.Array("c", 64)
    processes = [
        context.Process(
            target=_act, args=(ground, name, number, rounds, guard, barrier, offer, results)
        )
        for number in range(2)
    ]
    for process in processes:
        process.start()
    mine, theirs = (results.get(timeout=240) for _ in processes)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    return [first + second for first, second in zip(mine, theirs, strict=True)]


def _act(
    ground: Ground,
    name: str,
    number: int,
    rounds: int,
    guard: bool,  # noqa: FBT001 - of a process
    barrier: Any,
    offer: Any,
    results: Any,
) -> None:
    app = create_app(settings_for(ground.url, ground.folder / f"process-{number}"))
    ledger.switch_guard(on=guard)
    offered, *acts = RACES[name]
    outcomes: list[bool] = []
    with app.app_context():
        for step in range(rounds):
            slot = ground.slot(step)
            if number == 0 and offered:
                offer.value = ground.offer(slot).encode()
            elif number == 0:
                ground.free_what_is_waited_for(slot)
            reading().rollback()
            barrier.wait(60)
            outcomes.append(acts[number](ground, slot, offer.value.decode()))
            barrier.wait(60)
            if number == 0:
                _clear(ground)
        db.engine.dispose()
    results.put(outcomes)


def _clear(ground: Ground) -> None:
    """Let nobody wait any more, so that each round is about its own slot."""
    with unit_of_work() as session:
        session.execute(text("UPDATE waiting_wish SET state = 'lapsed'"))


@pytest.mark.parametrize("name", RACES)
def test_exactly_one_wins(ground: Ground, name: str) -> None:
    rounds = 15
    assert race(ground, name, rounds, guard=True) == [1] * rounds
    engine = ground.engine()
    assert overlaps(engine) == 0
    assert set(half_done(engine).values()) == {0}
    engine.dispose()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.drill if later else ())
        for later, name in enumerate(RACES)
    ],
)
def test_without_the_guard_both_win(ground: Ground, name: str) -> None:
    engine = ground.engine()
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_offer_held_wish_id"))
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER allocation_no_overlap_INSERT"))
        else:
            connection.execute(text("ALTER TABLE allocation DROP CONSTRAINT allocation_no_overlap"))
    assert 2 in race(ground, name, 60, guard=False)
    engine.dispose()


def half_done(engine: Engine) -> dict[str, int]:
    """Return counts of what an answer that was given half would leave behind."""
    queries = {
        "held without time": "SELECT count(*) FROM offer o WHERE o.state = 'held' AND NOT EXISTS"
        " (SELECT 1 FROM allocation a WHERE a.owner_kind = 'offer' AND a.owner_id = o.id)",
        "time without offer": "SELECT count(*) FROM allocation a WHERE a.owner_kind = 'offer' AND"
        " NOT EXISTS (SELECT 1 FROM offer o WHERE o.id = a.owner_id AND o.state = 'held')",
        "accepted without booking": "SELECT count(*) FROM offer o WHERE (o.state = 'accepted')"
        " <> (o.booking_id IS NOT NULL)",
        "untold": "SELECT count(*) FROM offer o WHERE NOT EXISTS (SELECT 1 FROM outbox_message m"
        " WHERE m.dedupe_key = 'OfferMade:' || o.uid)",
    }
    with engine.connect() as connection:
        return {
            name: connection.execute(text(query)).scalar_one() for name, query in queries.items()
        }
