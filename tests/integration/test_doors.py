"""Every row of the table of results, by the service, on both engines."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from labops.domain.bookings import services as bookings
from labops.domain.bookings import sweeping as releasing
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.machines.models import Machine
from labops.domain.people.models import Person
from labops.domain.stations.models import Scan as Row
from labops.domain.stations.models import Station
from labops.domain.visits.outcomes import Outcome
from labops.domain.visits.states import Way
from labops.domain.waivers.models import Guardian
from labops.kernel.db import reading, unit_of_work
from tests.support.doors import (
    change,
    digits_of,
    door,
    inside,
    laser,
    leave,
    pass_of,
    room_for,
    screen_at,
    shown,
    walk,
)
from tests.support.world import World, at, slot

MINUTE = timedelta(minutes=1)
ROME = ZoneInfo("Europe/Rome")
TEN = at(10)


def book(world: World, who: str, machine: str, start: float, end: float, now: datetime) -> str:
    """Book by the service."""
    command = Book(machines=(machine,), slot=slot(start, end))
    return bookings.book(command, actor=world.actor(who, now), now=now)


def at_laser(world: World, who: str, now: datetime, **changes: object) -> Outcome:
    """Scan the code on the laser."""
    return walk(world, who, now, station_id=laser(world), **changes)


def own_booking(world: World) -> Outcome:
    book(world, "alice", "laser", 10, 11, at(9))
    return at_laser(world, "alice", at(9.9))


def late_within_grace(world: World) -> Outcome:
    book(world, "alice", "laser", 10, 11, at(9))
    return at_laser(world, "alice", at(10.2))


def again(world: World) -> Outcome:
    walk(world, "alice", TEN)
    return walk(world, "alice", TEN + timedelta(seconds=30))


def in_use_already(world: World) -> Outcome:
    own_booking(world)
    return at_laser(world, "alice", at(9.95))


def too_early(world: World) -> Outcome:
    book(world, "alice", "laser", 12, 13, at(9))
    return at_laser(world, "alice", at(9.5))


def before_is_still_there(world: World) -> Outcome:
    book(world, "bob", "laser", 9, 9.5, at(8.5))
    change(Booking, Booking.person_id == world.people["bob"], state="checked_in")
    book(world, "alice", "laser", 10, 11, at(9))
    # Bob overran: what he holds still reaches to where Alice's begins.
    from labops.kernel.ledger import Allocation

    with unit_of_work() as session:
        own = session.scalars(select(Allocation).order_by(Allocation.starts_at)).first()
        assert own is not None
        own.ends_at = at(10)
    return at_laser(world, "alice", at(9.9))


def released(world: World) -> Outcome:
    book(world, "alice", "laser", 10, 12, at(9))
    releasing.release_missed(now=at(10.5))
    return at_laser(world, "alice", at(10.6))


def past_grace_before_the_sweep(world: World) -> Outcome:
    book(world, "alice", "laser", 10, 12, at(9))
    return at_laser(world, "alice", at(10.6))


def wrong_machine(world: World) -> Outcome:
    book(world, "alice", "printer", 10, 11, at(9))
    return at_laser(world, "alice", at(9.9))


def walk_in(world: World) -> Outcome:
    return at_laser(world, "alice", TEN)


def not_certified(world: World) -> Outcome:
    return at_laser(world, "charlie", TEN)


def certification_gone(world: World) -> Outcome:
    from labops.domain.certifications.models import Certification

    book(world, "alice", "laser", 10, 11, at(9))
    mine = Certification.person_id == world.people["alice"]
    change(Certification, mine, ends_on=date(2026, 11, 1))
    return at_laser(world, "alice", at(9.9))


def make_minor(world: World, name: str) -> None:
    """Let somebody be fourteen, with a guardian who answers for her."""
    change(Person, Person.id == world.people[name], born_on=date(2012, 1, 1))
    with unit_of_work() as session:
        session.add(
            Guardian(
                uid=uuid.uuid4().hex,
                child_id=world.people[name],
                name="Parent",
                email="parent@example.org",
                invited_at=TEN,
                proven_at=TEN,
            )
        )


def child_without_guardian(world: World) -> Outcome:
    walk(world, "bob", TEN)
    change(Person, Person.id == world.people["charlie"], born_on=date(2012, 1, 1))
    return walk(world, "charlie", TEN)


def child_alone(world: World) -> Outcome:
    make_minor(world, "charlie")
    return walk(world, "charlie", TEN)


def child_at_the_laser(world: World) -> Outcome:
    change(Person, Person.id == world.people["alice"], born_on=date(2012, 1, 1))
    walk(world, "charlie", TEN)  # grown up, but not trained on it
    return at_laser(world, "alice", TEN)


def child_with_staff(world: World) -> Outcome:
    walk(world, "bob", TEN)
    return child_alone(world)


def full(world: World) -> Outcome:
    room_for(world, 1)
    walk(world, "alice", TEN)
    return walk(world, "charlie", TEN)


def over_capacity(world: World) -> Outcome:
    room_for(world, 1)
    walk(world, "alice", TEN)
    return shown(world, pass_of(world, "charlie", TEN), TEN, override_reason="Came with Alice")


def broken(world: World) -> Outcome:
    book(world, "alice", "laser", 10, 11, at(9))
    change(Machine, Machine.id == world.machines["laser"], state="out_of_service")
    return at_laser(world, "alice", at(9.9))


def old_sticker(world: World) -> Outcome:
    change(Station, Station.id == door(world), retired_at=at(9))
    return walk(world, "alice", TEN)


def wall_where_the_screen_counts(world: World) -> Outcome:
    change(Station, Station.id == door(world), needs_screen=True)
    return walk(world, "alice", TEN)


def screen(world: World) -> Outcome:
    change(Station, Station.id == door(world), needs_screen=True)
    return walk(
        world, "alice", TEN, screen=screen_at(world, TEN - 30 * MINUTE / 60), way=Way.SCREEN
    )


def photographed_screen(world: World) -> Outcome:
    change(Station, Station.id == door(world), needs_screen=True)
    return walk(world, "alice", TEN, screen=screen_at(world, TEN - 2 * MINUTE), way=Way.SCREEN)


def stranger(world: World) -> Outcome:
    return walk(world, "nina", TEN)


def suspended(world: World) -> Outcome:
    return walk(world, "sam", TEN)


def good_pass(world: World) -> Outcome:
    return shown(world, pass_of(world, "alice", TEN), TEN)


def typed_digits(world: World) -> Outcome:
    return shown(world, digits_of(world, "alice", TEN), TEN, way=Way.TYPED)


def old_pass(world: World) -> Outcome:
    return shown(world, pass_of(world, "alice", TEN - 3 * MINUTE), TEN)


def passed_on(world: World) -> Outcome:
    text = pass_of(world, "alice", TEN)
    shown(world, text, TEN)
    return shown(world, text, TEN + timedelta(seconds=20))


def forged(world: World) -> Outcome:
    good = pass_of(world, "alice", TEN)
    return shown(world, good[:-1] + ("0" if good[-1] != "0" else "1"), TEN)


def foreign(world: World) -> Outcome:
    return shown(world, "https://example.com/menu", TEN)


def goodbye(world: World) -> Outcome:
    walk(world, "alice", TEN)
    return leave(world, "alice", at(11))


def goodbye_without_hello(world: World) -> Outcome:
    return leave(world, "alice", at(11))


TABLE: list[tuple[Callable[[World], Outcome], str, list[str], int]] = [
    (own_booking, "checked_in", [], 1),
    (late_within_grace, "checked_in", [], 1),
    (again, "already_in", [], 1),
    (in_use_already, "already_in", [], 1),
    (too_early, "too_early", ["booking.check-in-too-early"], 0),
    (before_is_still_there, "occupied", ["booking.machine-in-use"], 0),
    (released, "released", ["booking.not-open"], 0),
    (past_grace_before_the_sweep, "released", ["booking.not-open"], 0),
    (wrong_machine, "wrong_machine", ["booking.elsewhere"], 0),
    (walk_in, "walk_in", [], 1),
    (not_certified, "not_certified", ["person.certification-missing"], 0),
    (certification_gone, "not_certified", ["person.certification-expired"], 0),
    (child_without_guardian, "waiver_missing", ["person.waiver-missing"], 1),
    (child_alone, "supervision_required", ["visit.supervision-required"], 0),
    (child_at_the_laser, "supervision_required", ["visit.supervision-required"], 1),
    (child_with_staff, "checked_in", [], 2),
    (full, "full", ["site.full"], 1),
    (over_capacity, "checked_in", [], 2),
    (broken, "out_of_service", ["machine.out-of-service"], 0),
    (old_sticker, "retired_code", ["station.retired"], 0),
    (wall_where_the_screen_counts, "proof_needed", ["station.screen-needed"], 0),
    (screen, "checked_in", [], 1),
    (photographed_screen, "pass_expired", ["pass.expired"], 0),
    (stranger, "not_member", ["person.not-member"], 0),
    (suspended, "suspended", ["person.suspended"], 0),
    (good_pass, "checked_in", [], 1),
    (typed_digits, "checked_in", [], 1),
    (old_pass, "pass_expired", ["pass.expired"], 0),
    (passed_on, "pass_used", ["pass.used"], 1),
    (forged, "pass_unknown", ["pass.unknown"], 0),
    (foreign, "pass_unknown", ["pass.unknown"], 0),
    (goodbye, "checked_out", [], 0),
    (goodbye_without_hello, "not_in", [], 0),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0].__name__)
def test_every_situation_has_its_result(
    app: Flask, world: World, row: tuple[Callable[[World], Outcome], str, list[str], int]
) -> None:
    situation, result, codes, people = row
    with app.app_context():
        outcome = situation(world)
        assert (outcome.result, [one.code for one in outcome.problems]) == (result, codes)
        assert inside(world) == people
        # Refused or not, it is written, and asking again changes nothing.
        last = reading().scalars(select(Row).order_by(Row.id.desc())).first()
        assert last is not None
        assert last.result == result
        if result == "pass_used":
            assert outcome.first_at == TEN
