"""How much longer a booking could be, and that pressing the button finds it so."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from labops.domain.bookings import extending, queries, services, use
from labops.domain.bookings.commands import Book, Move
from labops.domain.bookings.extending import Room
from labops.domain.bookings.models import Booking
from labops.domain.house_rules.services import SaveRules, add_version
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import NotFound, Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, at, slot

MINUTE = timedelta(minutes=1)


def book(world: World, who: str, machine: str, start: float, end: float) -> str:
    command = Book(machines=(machine,), slot=slot(start, end))
    return services.book(command, actor=world.actor(who), now=NOW)


def room(world: World, uid: str, who: str = "alice", now=NOW) -> Room:
    found = extending.room(reading(), uid, world.actor(who), now=now)
    assert found is not None
    return found


def minutes(room: Room) -> list[int]:
    return [step // MINUTE for step in room.steps]


def test_it_grows_as_far_as_the_rules_let_it(world: World) -> None:
    uid = book(world, "alice", "laser", 10, 11)
    found = room(world, uid)  # the longest is two hours, the grid half an hour
    assert (minutes(found), found.most) == ([30, 60], timedelta(hours=1))
    assert found.until == at(12)
    late = book(world, "alice", "printer", 18, 19.5)  # the site closes at 20
    assert (minutes(room(world, late)), room(world, late).most) == ([30], timedelta(minutes=30))


def test_whoever_follows_and_her_clean_up_are_in_the_way(world: World) -> None:
    uid = book(world, "alice", "laser", 10, 11)
    book(world, "bob", "laser", 11.5, 12)  # and Alice's clean-up takes a quarter of an hour
    found = room(world, uid)
    assert found.steps == ()
    assert {problem.code for problem in found.problems} == {"booking.overlap"}
    bench = book(world, "alice", "benches", 14, 15)
    book(world, "bob", "benches", 15, 16)  # five other benches are free
    assert minutes(room(world, bench)) == [30, 60]


def test_only_what_is_coming_or_in_use_may_grow(world: World) -> None:
    uid = book(world, "alice", "printer", 10, 11)
    alice = world.actor("alice")
    assert extending.room(reading(), uid, alice, now=at(10.1)) is None  # begun, nobody there
    use.check_in(uid, actor=alice, now=at(10))
    assert minutes(room(world, uid, now=at(10.9))) == [30, 60]
    assert extending.room(reading(), uid, alice, now=at(11)) is None
    use.finish(uid, actor=alice, now=at(10.9))
    assert extending.room(reading(), uid, alice, now=at(10.95)) is None
    for stranger in ("charlie", "dora"):
        with pytest.raises(NotFound):
            extending.room(reading(), uid, world.actor(stranger), now=NOW)


def test_a_booking_in_use_is_extended_and_stays_in_use(world: World) -> None:
    uid, alice = book(world, "alice", "printer", 10, 11), world.actor("alice")
    use.check_in(uid, actor=alice, now=at(10))
    services.move(Move(uid=uid, slot=slot(10, 11.5)), actor=alice, now=at(10.9))
    view = queries.one(reading(), uid, alice)
    assert (view.state, view.ends_at) == ("checked_in", at(11.5))


def test_what_staff_would_have_to_agree_to_is_not_offered(world: World) -> None:
    with unit_of_work() as session:
        data = {"grid_minutes": 30, "longest_minutes": 240, "approval_above_minutes": 90}
        rules = SaveRules(site_id=world.sites["mhuma"], data=data)
        add_version(session, rules, actor=SYSTEM, now=NOW)
    uid = book(world, "alice", "printer", 10, 11)
    assert room(world, uid).most == timedelta(minutes=30)


def test_it_reads_as_much_for_a_full_diary_as_for_an_empty_one(world: World) -> None:
    uid = book(world, "alice", "benches", 10, 11)

    def statements() -> int:
        counted: list[str] = []

        def count(*args: object) -> None:
            counted.append(str(args[2]))

        event.listen(db.engine, "before_cursor_execute", count)
        room(world, uid)
        event.remove(db.engine, "before_cursor_execute", count)
        return len(counted)

    statements()  # whatever is remembered is remembered from here on
    before = statements()
    for hour in range(11, 19):
        for _ in range(3):
            command = Book(
                machines=("benches",), slot=slot(hour, hour + 1), override_reason="class"
            )
            services.book(command, actor=world.actor("bob"), now=NOW)
    assert statements() <= before + 6  # one look at each of the six benches, no more


@pytest.mark.parametrize("seed", range(2))
def test_what_is_offered_can_be_had_and_nothing_beyond(world: World, seed: int) -> None:
    """Random diaries: each step offered is granted, the most is granted, one more is refused."""
    dice = random.Random(seed)
    for start in range(8, 20):
        who = dice.choice(["alice", "bob", "charlie", ""])
        length = dice.choice([0.5, 1, 1.5])
        if who:
            try:
                book(world, who, dice.choice(["printer", "benches"]), start, start + length)
            except Refused:
                continue
    alice = world.actor("alice")
    mine = select(Booking.uid).where(Booking.person_id == world.people["alice"])
    for uid in list(reading().scalars(mine)):
        found = room(world, uid)
        view = queries.one(reading(), uid, alice)

        def grow(by: timedelta, view=view) -> None:
            longer = Interval(view.starts_at, view.ends_at + by)
            services.move(Move(uid=view.uid, slot=longer), actor=alice, now=NOW)

        beyond = found.most + timedelta(minutes=30)
        with pytest.raises(Refused):
            grow(beyond)
        for step in {*found.steps, found.most} - {timedelta(0)}:
            grow(step)
            back = Move(uid=uid, slot=Interval(view.starts_at, view.ends_at))
            services.move(back, actor=alice, now=NOW)
