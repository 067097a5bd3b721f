"""Real processes race for the last included hour: it is spent once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from labops.app import create_app
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.models import Booking
from labops.domain.bookings.wanted import Wish, machines_of_booking
from labops.domain.plans import charging
from labops.domain.plans.entries import Owner
from labops.domain.plans.models import LedgerAccount, Plan, Posting, Subscription
from labops.domain.plans.states import AccountKind
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.ids import new_uid
from tests.conftest import settings_for
from tests.support.plans import assert_balanced, put_on, with_prices
from tests.support.world import NOW, World, slot

RACERS = 4
ROUNDS = 6
FIRM = 7


def test_one_person_spends_the_last_hour_once(
    world: World, database_url: str, tmp_path: Path
) -> None:
    """From four devices at once: one booking is included, and the others are charged."""
    with_prices(world)
    put_on(world, "alice", "maker")
    services.book(
        Book(machines=("printer",), slot=slot(9, 12)), actor=world.actor("alice"), now=NOW
    )
    alice = world.actor("alice")
    db.session.remove()
    wishes = [Book(machines=("printer",), slot=slot(9, 10, 2 + n)) for n in range(RACERS)]
    acts = [("book", command, alice) for command in wishes]
    assert race(database_url, tmp_path, acts, guarded=True) == ["done"] * RACERS
    assert used() == 240
    assert_balanced()


@pytest.mark.parametrize("guarded", [True, False])
def test_people_of_one_account_spend_the_last_hour_once(
    world: World, database_url: str, tmp_path: Path, guarded: bool
) -> None:
    """Several act for one firm, and no lock of a person keeps them apart: the account's does.

    Without it the hour is spent several times on PostgreSQL; SQLite has one writer at a time.
    """
    sqlite = database_url.startswith("sqlite")
    if sqlite and not guarded:
        pytest.skip("nothing to switch off: the transaction itself is the lock")
    firms_bookings = list(premade(world))
    spent = []
    for round_ in range(ROUNDS):
        with unit_of_work() as session:
            plan = session.scalars(select(Plan).where(Plan.slug == "maker")).one()
            session.add(
                Subscription(
                    uid=new_uid(), site_id=world.sites["mhuma"], plan_id=plan.id,
                    firm_id=FIRM + round_, state="active", renews=True, starts_on=NOW.date(),
                    period_starts_on=NOW.date(), created_at=NOW,
                )
            )  # fmt: skip
        acts = [("charge", one, FIRM + round_) for one in firms_bookings]
        db.session.remove()
        assert race(database_url, tmp_path, acts, guarded=guarded) == ["done"] * RACERS
        spent.append(used(FIRM + round_))
        if not guarded and spent[-1] > 240:
            break
    assert (max(spent) > 240) is not guarded
    assert_balanced()


def premade(world: World) -> Iterator[int]:
    """Yield bookings of three hours by different people, made while nothing cost anything."""
    for number, name in enumerate(["alice", "charlie", "bob", "eva"][:RACERS]):
        uid = services.book(
            Book(machines=("benches",), slot=slot(9, 12, 2 + number)),
            actor=world.actor(name), now=NOW,
        )  # fmt: skip
        yield reading().scalars(select(Booking.id).where(Booking.uid == uid)).one()
    with_prices(world)
    with unit_of_work() as session:  # the plans of this test include hours at benches
        from sqlalchemy import text  # noqa: PLC0415

        session.execute(
            text(
                "UPDATE plan_hours SET machine_type_id ="
                " (SELECT id FROM machine_type WHERE slug = 'bench')"
            )
        )


def used(firm: int | None = None) -> int:
    """Return how many included minutes were used: of a firm, or of anybody."""
    reading().rollback()
    query = select(Posting.amount).join(LedgerAccount, LedgerAccount.id == Posting.account_id)
    if firm is None:
        query = query.where(LedgerAccount.kind == AccountKind.USED.value)
        return sum(reading().scalars(query))
    query = query.where(LedgerAccount.firm_id == firm, LedgerAccount.unit != "euro")
    return -sum(amount for amount in reading().scalars(query) if amount < 0)


def race(url: str, folder: Path, acts: list[Any], *, guarded: bool) -> list[str]:
    """Let each act happen in a process of its own at the same moment; return what became of it."""
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(len(acts)), context.SimpleQueue()
    db.engine.dispose()
    processes = [
        context.Process(target=_racer, args=(url, folder, act, guarded, barrier, results))
        for act in acts
    ]
    for process in processes:
        process.start()
    found = [results.get() for _ in processes]
    for process in processes:
        process.join()
    return found


def _racer(url: str, folder: Path, act: Any, guarded: bool, barrier: Any, results: Any) -> None:
    try:
        settings = settings_for(url, folder / "data", unsafe_skip_ledger_guard=not guarded)
        with create_app(settings).app_context():
            reading().scalar(select(Booking.id))
            barrier.wait(60)
            _act(*act)
            db.engine.dispose()
        results.put("done")
    except BaseException as error:  # noqa: BLE001 - a process must report, not vanish
        barrier.abort()
        results.put(repr(error))


def _act(kind: str, what: Any, who: Any) -> None:
    if kind == "book":
        services.book(what, actor=who, now=NOW)
        return
    with unit_of_work() as session:
        booking = session.get_one(Booking, what)
        machines = machines_of_booking(session, what)
        wish = Wish(
            person_id=booking.person_id, machines=machines, slot=booking.slot, now=NOW,
            previous=booking,
        )  # fmt: skip
        charging.charge(session, what, gather_facts(session, wish), Owner(None, who))
