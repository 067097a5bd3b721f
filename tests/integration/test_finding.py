"""Finding a time, compared with trying every start there is."""

from __future__ import annotations

import itertools
import random
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import event

from labops.domain.bookings import services, timetable
from labops.domain.bookings.commands import Book
from labops.domain.bookings.finding import TimeSearch, find_times, fits
from labops.domain.closures.services import close
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.house_rules.values import Level
from labops.domain.machines import queries as inventory
from labops.kernel.db import db, reading
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.support.world import NOW, World, at, slot

GRID = timedelta(minutes=30)


def tried(world: World, search: TimeSearch, name: str) -> list[tuple[str, datetime]]:
    """Return what one finds by asking for every half hour on every machine."""
    actor = world.actor(name)
    machines = [
        machine.slug
        for machine in inventory.search(reading(), site=search.site, process=search.process)
    ]
    found = []
    for slug in machines:
        start, after = search.period.starts_at, search.period.starts_at
        while start + search.length <= search.period.ends_at:
            wish = Book(machines=(slug,), slot=Interval(start, start + search.length))
            if start >= after:
                if not services.check_booking(wish, actor=actor, now=NOW).problems:
                    found.append((start, slug))
                    after = start + search.length
            start += GRID
    return [(slug, start) for start, slug in sorted(found)][: search.limit]


def some_bookings(world: World, seed: int) -> None:
    """Fill the days with bookings, a closure and a quota that is nearly used up."""
    chance = random.Random(seed)
    for _ in range(60):
        name = chance.choice(["alice", "charlie", "bob"])
        slug = chance.choice(["laser", "printer", "benches"])
        start = chance.randrange(16, 38) / 2
        length = chance.choice([0.5, 1, 1.5, 2])
        wish = Book(machines=(slug,), slot=slot(start, start + length, chance.randrange(0, 5)))
        try:
            services.book(wish, actor=world.actor(name), now=NOW)
        except Refused:
            continue
    close(world.sites["mhuma"], slot(12, 15, 2), reason="Party", actor=SYSTEM, now=NOW)


@pytest.mark.parametrize("seed", range(2))
def test_it_finds_what_trying_everything_finds(world: World, seed: int) -> None:
    some_bookings(world, seed)
    data = {
        "quotas": [{"minutes": 300, "window": "day", "scope": "site"}],
        "grid_minutes": 30,
        "notice_minutes": 60,
        "horizon_days": 3,
        "open_bookings": 30,
        "longest_minutes": 240,
    }
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=data), actor=SYSTEM, now=NOW)
    nightly = SaveRules(
        site_id=world.sites["mhuma"],
        data={"unattended": True, "longest_minutes": 2880, "quotas": []},
        level=Level.CATEGORY,
        key="printer-fdm",
    )
    save_rules(nightly, actor=SYSTEM, now=NOW)
    period = Interval(at(9, 0), at(20, 5))
    for hours, process, name in itertools.product(
        (0.5, 2, 20), (None, "fdm"), ("alice", "charlie")
    ):
        search = TimeSearch(
            length=timedelta(hours=hours),
            period=period,
            process=process,
            site="mhuma",
            only_mine=True,
            limit=12,
        )
        found = find_times(reading(), search, world.people[name], now=NOW)
        expected = tried(world, search, name)
        assert [(f.machine.slug, f.slot.starts_at) for f in found] == expected, (hours, process)


def test_what_one_may_not_use_yet_says_why(world: World) -> None:
    search = TimeSearch(
        length=timedelta(hours=1), period=slot(9, 18), process="laser_cutting", site="mhuma"
    )
    found = find_times(reading(), search, world.people["charlie"], now=NOW)
    assert {problem.code for problem in found[0].problems} == {"person.certification-missing"}
    assert found[0].slot == slot(9, 10)
    mine = TimeSearch(**{f: getattr(search, f) for f in search.__slots__} | {"only_mine": True})
    assert find_times(reading(), mine, world.people["charlie"], now=NOW) == []
    nobody = find_times(reading(), search, None, now=NOW)
    assert nobody[0].problems == ()


def test_the_number_of_reads_does_not_depend_on_the_number_of_machines(
    app: Flask, world: World
) -> None:
    def reads(**narrowed: str) -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        search = TimeSearch(length=timedelta(hours=1), period=slot(9, 18), limit=50, **narrowed)  # type: ignore[arg-type]
        find_times(reading(), search, world.people["alice"], now=NOW)
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            find_times(reading(), search, world.people["alice"], now=NOW)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    assert reads(site="mhuma", machine="laser") == reads(site="mhuma")


@pytest.mark.parametrize(
    ("piece", "envelope", "fit"),
    [
        ((), None, True),
        ((300, 200), None, False),
        ((300, 200), [200, 300], True),
        ((300, 201), [200, 300, 50], False),
        ((300, 200, 51), [200, 300, 50], False),
        ((300, 200, 50), [200, 300, 50], True),
        ((300, 200, 50), [200, 300], False),
        ((250,), [200, 300], True),
    ],
)
def test_a_piece_may_be_turned_on_the_bed(
    piece: tuple[float, ...], envelope: list[float] | None, fit: bool
) -> None:
    assert fits(piece, envelope) is fit


def test_the_api_answers(app: Flask, world: World) -> None:
    client = app.test_client()
    window = {"from": "2026-11-24T08:00:00Z", "to": "2026-11-25T19:00:00Z"}
    wrong = client.get("/api/v1/availability", query_string=window)
    assert wrong.status_code == 422
    assert wrong.json["reasons"][0]["params"]["field"] == "minutes"
    for name, value in (("minutes", "0"), ("minutes", "x"), ("width_mm", "-1"), ("limit", "0")):
        answer = client.get(
            "/api/v1/availability", query_string={"minutes": "60", **window, name: value}
        )
        assert answer.status_code == 422, name
    far = {**window, "to": "2027-11-25T19:00:00Z", "minutes": "60"}
    assert client.get("/api/v1/availability", query_string=far).status_code == 422


WORKDAYS = {"hours": "mon-fri 09:00-17:00"}
RULES = {
    "sessions": {"sessions": {"morning": "daily 09:00-13:00", "late": "daily 13:00-17:00"}},
    "hours of its own": {"open_hours": "work", "timetables": {"work": WORKDAYS}},
    "while staffed": {
        "staffed_only": True,
        "staffed_hours": "work",
        "timetables": {"work": {"hours": ["mon,wed 10:00-13:00", "tue 15:00-20:00"]}},
    },
    "by the minute": {"horizon_minutes": 60 * 50, "notice_minutes": 100},
    "a new day opens at ten": {"horizon_days": 2, "horizon_opens": "10:00"},
    "releases": {"releases": [{"on": "mon", "at": "08:00", "first_day": 2, "days": 2}]},
    "working days": {"notice_working_days": 2, "notice_until": "08:30"},
    "closed days": {"closed_days": ["2026-11-25"]},
    "buffers": {"setup_minutes": 30, "cleanup_minutes": 60},
}


@pytest.mark.parametrize("name", RULES)
def test_what_is_shown_and_found_free_is_what_the_rules_allow(world: World, name: str) -> None:
    data = {"grid_minutes": 30, "horizon_days": 5, "longest_minutes": 480, "open_bookings": 30}
    save_rules(
        SaveRules(site_id=world.sites["mhuma"], data={**data, **RULES[name]}),
        actor=SYSTEM,
        now=NOW,
    )
    for day in (1, 2, 3):
        taken = slot(9, 13, day) if name == "sessions" else slot(15, 16, day)
        wish = Book(machines=("printer",), slot=taken, override_reason="a class")
        services.book(wish, actor=world.actor("eva"), now=NOW)
    period = Interval(at(0, 0), at(24, 6))
    hours = 4 if name == "sessions" else 1
    search = TimeSearch(
        length=timedelta(hours=hours), period=period, machine="printer", only_mine=True, limit=90
    )
    expected = tried_on(world, search, "printer")
    found = find_times(reading(), search, world.people["alice"], now=NOW)
    starts = [one.slot.starts_at for one in found]
    allowed = set(expected)
    assert set(starts) <= allowed
    # One after another: whatever is allowed is found, or overlaps what was found.
    assert all(any(abs(at - one) < search.length for one in starts) for at in allowed)

    (printer,) = (
        one
        for one in timetable.of_site(
            reading(), "mhuma", period, world.actor("alice"), now=NOW
        ).machines
        if one.machine.slug == "printer"
    )
    shown = printer.free(period, now=NOW, zone=ZoneInfo("Europe/Rome"))
    of_length = {
        start
        for start in starts_every_half_hour(period)
        if any(span.contains(Interval(start, start + search.length)) for span in shown)
    }
    if name == "sessions":
        of_length &= allowed  # two sessions side by side are one span
    # Nothing is shown that is not allowed. What starts before a horizon by the minute and ends
    # after it is allowed, but a span that shows it would show later starts as well.
    horizon = NOW + timedelta(minutes=60 * 50) if name == "by the minute" else period.ends_at
    assert of_length <= allowed
    assert {start for start in allowed - of_length if start + search.length <= horizon} == set()


def starts_every_half_hour(period: Interval) -> list[datetime]:
    count = int(period.length / GRID)
    return [period.starts_at + number * GRID for number in range(count)]


def tried_on(world: World, search: TimeSearch, slug: str) -> list[datetime]:
    """Return every half hour at which the rules allow the length."""
    actor = world.actor("alice")
    return [
        start
        for start in starts_every_half_hour(search.period)
        if start + search.length <= search.period.ends_at
        and not services.check_booking(
            Book(machines=(slug,), slot=Interval(start, start + search.length)),
            actor=actor,
            now=NOW,
        ).problems
    ]
