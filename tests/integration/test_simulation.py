"""Past bookings tried against changed rules, beside what the rules said at each moment.

The oracle asks at the very moment of each booking, through the same reads as a booking itself,
what other rules would have said; the simulation has to find out the same long afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from labops.domain.bookings import services, sweeping, use
from labops.domain.bookings.commands import Book
from labops.domain.bookings.facts import BookingFacts, HeldBooking
from labops.domain.bookings.gathering import gather_facts
from labops.domain.bookings.past import Outcome, PastBooking
from labops.domain.bookings.person_facts import certified_days, held_bookings
from labops.domain.bookings.policies import approval_reasons, booking_problems
from labops.domain.bookings.replaying import Replay, replay
from labops.domain.bookings.wanted import Wish, wanted_machines
from labops.domain.certifications.services import Certify, add_certification
from labops.domain.house_rules.files import Levels, RuleFile, read_file
from labops.domain.house_rules.queries import site_rules
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.memberships.models import Membership
from labops.domain.people.models import Person
from labops.domain.sites.queries import by_slug
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.support.people import members
from tests.support.world import NOW, World

# The night in which the clocks go forward lies in the middle of the bookings.
START = datetime(2027, 3, 19, 6, 0, tzinfo=UTC)
OLD = {
    "grid_minutes": 30,
    "longest_minutes": 480,
    "horizon_days": 21,
    "open_bookings": 0,
    "one_at_a_time": 3,
    "grace_minutes": 15,
}
CHANGES = {
    "a day": 'quotas = [{ hours = 2, window = "day", scope = "machine" }]',
    "rolling": 'quotas = [{ bookings = 2, window = "5 days", scope = "site" }]',
    "month": 'quotas = [{ hours = 6, window = "month", scope = "category", missed_counts = false }]',
    "fewer open": "open_bookings = 2",
    "one": "one_at_a_time = 1\ngap_minutes = 90",
    "earlier": "notice_minutes = 600\nhorizon_days = 5",
    "begun": "next_once_begun = true",
    "hours": 'open_hours = "o"\nlatest_start_minutes = 60\n'
    '[timetables.o]\nhours = "mon-fri 09:00-18:00"',
    "run": 'limits = [{ rule = "run", days = 2, exempt = { same_week = true } }]',
    "certified": 'certifications_needed = ["printer-fdm"]',
    "age": "youngest = 30",
    "ask": "approval_above_minutes = 60\nlongest_minutes = 300",
    "plan": "[plans.pro]\nlongest_minutes = 60",
    "laser": "[categories.laser]\nlongest_minutes = 60",
}


@dataclass
class Said:
    """What other rules say to a booking at its moment, beside those in force."""

    person: int
    booked_at: datetime
    facts: dict[str, BookingFacts]
    before: BookingFacts
    slugs: tuple[str, ...]


@dataclass
class Diary:
    """Everything that happened, and what was asked at each booking."""

    said: dict[str, Said] = field(default_factory=dict)
    now: datetime = START


def with_rules(facts: BookingFacts, file: RuleFile) -> BookingFacts:
    """Return the same wish under other rules."""
    machines = tuple(
        replace(
            machine,
            rules=file.of(category=machine.category, machine=machine.slug, plan=facts.person.plan),
        )
        for machine in facts.machines
    )
    return replace(facts, machines=machines, fields=None)


def ask(wish: Wish, changes: dict[str, Levels]) -> tuple[BookingFacts, dict[str, BookingFacts]]:
    """Return the facts of this moment under today's rules, and under each of the others."""
    before = gather_facts(reading(), wish)
    others = {}
    for name, levels in changes.items():
        facts = with_rules(before, RuleFile(levels))
        rules = [machine.rules for machine in facts.machines]
        held = held_bookings(reading(), wish.person_id, wish.slot, wish.now, before.zone, rules)
        person = replace(facts.person, certified=certified_days(reading(), wish.person_id))
        others[name] = replace(facts, held=held, person=person)
    return before, others


def lived(world: World, seed: int, changes: dict[str, Levels], acts: int = 140) -> Diary:
    """Let people book, cancel, come, leave and stay away for some weeks."""
    chance, diary = random.Random(seed), Diary()
    crowd = [world.people["alice"], world.people["charlie"], *members(world, 1)]
    actors = {person: replace(SYSTEM, person_id=person, everywhere=frozenset()) for person in crowd}
    for _ in range(acts):
        diary.now += timedelta(minutes=chance.randint(20, 600))
        sweeping.release_missed(now=diary.now)
        sweeping.finish_elapsed(now=diary.now)
        act = chance.random()
        try:
            if act < 0.7:
                person = chance.choice(crowd)
                _book(diary, chance, person, changes)
            elif diary.said:
                uid = chance.choice(list(diary.said))
                actor = actors[diary.said[uid].person]
                if act < 0.8:
                    services.cancel(uid, actor=actor, now=diary.now)
                elif act < 0.95:
                    use.check_in(uid, actor=actor, now=diary.now)
                else:
                    use.finish(uid, actor=actor, now=diary.now)
        except Refused:
            pass
        reading().rollback()
    return diary


def _book(diary: Diary, chance: random.Random, person: int, changes: dict[str, Levels]) -> None:
    slugs = tuple(chance.sample(["laser", "printer", "benches"], chance.choice([1, 1, 1, 2])))
    start = diary.now.replace(hour=7, minute=0) + timedelta(
        days=chance.choice([0, 0, 1, 1, 2, 4, 8, 15]), minutes=30 * chance.randint(0, 20)
    )
    slot = Interval(start, start + timedelta(minutes=30 * chance.randint(1, 6)))
    wish = Wish(
        person_id=person, machines=wanted_machines(reading(), slugs), slot=slot, now=diary.now
    )
    before, others = ask(wish, changes)
    actor = replace(SYSTEM, person_id=person, everywhere=frozenset())
    uid = services.book(Book(machines=slugs, slot=slot), actor=actor, now=diary.now)
    diary.said[uid] = Said(person, diary.now, others, replace(before, fields=None), slugs)


def _key(person: int, held: HeldBooking | PastBooking) -> tuple[Any, ...]:
    return person, held.slot, held.booked_at, frozenset(held.slugs)


def expected(diary: Diary, name: str) -> tuple[dict[str, set[str]], int, int]:
    """Return the codes by booking that the rules refuse, and how many are known or asked for."""
    refused: dict[str, set[str]] = {}
    gone: set[tuple[Any, ...]] = set()
    known = asked = 0
    for uid, said in sorted(diary.said.items(), key=lambda item: item[1].booked_at):
        facts = said.facts[name]
        left = tuple(one for one in facts.held if _key(said.person, one) not in gone)
        facts = replace(facts, held=left)
        problems = booking_problems(facts)
        old = booking_problems(said.before)
        if not problems:
            is_asked = bool(approval_reasons(facts)) and not approval_reasons(said.before)
            asked += is_asked and not old
        elif old:
            known += 1
        else:
            refused[uid] = {problem.code for problem in problems}
            gone.add((said.person, facts.slot, said.booked_at, frozenset(said.slugs)))
    return refused, known, asked


def levels_of(world: World, text: str) -> Levels:
    """Return MHUMA's rules with some more."""
    changed = read_file(text).levels
    levels = dict(site_rules(reading(), world.sites["mhuma"]).levels)
    for key, data in changed.items():
        said = {name: value for name, value in data.items() if name != "start_from"}
        levels[key] = {**levels.get(key, {}), **said}
    return levels


def outcome(world: World, levels: Levels, now: datetime, weeks: int = 52) -> Outcome:
    """Return what the simulation says."""
    reading().rollback()
    site = by_slug(reading(), "mhuma")
    return replay(reading(), Replay(site=site, changed=levels, weeks=weeks, whole=True), now=now)


def prepare(world: World) -> None:
    """Put roomy rules in force, give Charlie a plan and a laser certification, Alice an age."""
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=OLD), actor=SYSTEM, now=START)
    with unit_of_work() as session:
        session.execute(
            update(Membership)
            .where(Membership.person_id == world.people["charlie"])
            .values(plan="pro", groups=["students"])
        )
        session.execute(
            update(Person)
            .where(Person.id == world.people["alice"])
            .values(born_on=date(1997, 3, 28))
        )
        for kind in ("laser", "printer-fdm"):
            wanted = Certify(
                person_uid=world.uids["charlie"], machine_type=kind, starts_on=date(2026, 1, 1)
            )
            add_certification(session, wanted, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_simulation_says_what_the_rules_would_have_said_at_each_moment(
    world: World, seed: int
) -> None:
    prepare(world)
    changes = {name: levels_of(world, text) for name, text in CHANGES.items()}
    diary = lived(world, seed, changes)
    assert len(diary.said) > 25
    ever = 0
    for name, levels in changes.items():
        found = outcome(world, levels, diary.now)
        refused, known, asked = expected(diary, name)
        got = {one.booking.uid: {problem.code for problem in one.problems} for one in found.refused}
        assert got == refused, name
        assert (found.known, found.asked) == (known, asked), name
        assert found.looked_at == len(diary.said)
        hours = sum((use.refused_time for use in found.by_machine.values()), timedelta(0))
        assert hours == sum(
            (one.booking.slot.length * len(one.booking.slugs) for one in found.refused),
            timedelta(0),
        )
        ever += len(refused)
    assert ever > 60
    same = outcome(world, levels_of(world, ""), diary.now)
    assert (same.refused, same.known, same.asked) == ([], 0, 0)


def test_only_the_weeks_asked_for_are_decided_beside_all_that_counts(world: World) -> None:
    prepare(world)
    for days in (0, 6, 20):
        start = NOW + timedelta(days=days + 1)
        wish = Book(machines=("printer",), slot=Interval(start, start + timedelta(hours=1)))
        services.book(wish, actor=world.actor("alice"), now=NOW + timedelta(days=days))
    levels = levels_of(world, 'quotas = [{ bookings = 1, window = "30 days", scope = "site" }]')
    now = NOW + timedelta(days=21)
    # The one of three weeks ago is not decided, but it counts.
    assert [len(outcome(world, levels, now, weeks).refused) for weeks in (1, 2, 3, 4)] == [
        1,
        1,
        2,
        2,
    ]
    assert [outcome(world, levels, now, weeks).looked_at for weeks in (1, 2, 3, 4)] == [1, 1, 3, 3]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note every statement that is sent."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_the_past_is_read_in_as_many_statements_however_long_it_is(world: World) -> None:
    prepare(world)
    levels = levels_of(world, CHANGES["month"])
    counts = []
    for many in (2, 40):
        for number in range(many):
            start = NOW + timedelta(days=many // 2, hours=number % 8, minutes=30 * (number // 8))
            slot = Interval(start, start + timedelta(minutes=30))
            person = ("alice", "charlie")[number % 2]
            wish = Book(machines=("benches",), slot=slot)
            try:
                services.book(wish, actor=world.actor(person), now=NOW)
            except Refused:
                continue
        reading().rollback()
        site = by_slug(reading(), "mhuma")
        with statements() as seen:
            found = replay(
                reading(), Replay(site=site, changed=levels, whole=True), now=NOW + timedelta(1)
            )
        assert found.looked_at >= many * 0.8
        counts.append(len([one for one in seen if one.lstrip().upper().startswith("SELECT")]))
    assert counts[0] >= counts[1]
    assert counts[1] <= 8
