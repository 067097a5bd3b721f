"""Why not? Every failed rule leads to the step that solves it, and that step does."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from labops.domain.bookings import explaining, services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.explaining import Answer
from labops.domain.bookings.solving import is_about_time
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.machines.services import set_state
from labops.domain.machines.states import MachineState
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.world import World, next_slot

ROME = ZoneInfo("Europe/Rome")
CHECK = "/api/v1/bookings/check"
USUAL: dict[str, Any] = {"grid_minutes": 30, "horizon_days": 14, "one_at_a_time": 1}
RULES: list[dict[str, Any]] = [
    {"longest_minutes": 120, "shortest_minutes": 60, "gap_minutes": 60, "notice_minutes": 180},
    {
        "longest_minutes": 240,
        "quotas": [
            {"hours": 3, "window": "day", "scope": "site"},
            {"bookings": 2, "window": "week", "scope": "machine"},
        ],
    },
    {
        "lengths_minutes": [30, 60, 90],
        "open_bookings": 1,
        "notice_days": 1,
        "latest_start_minutes": 60,
    },
    {"sessions": {"am": "daily 09:00-13:00", "pm": "daily 14:00-18:00"}, "longest_minutes": 600},
    {
        "horizon_days": 3,
        "fields": [{"name": "material", "values": ["MDF", "PVC"], "excluded": ["PVC"]}],
        "youngest": 16,
    },
    {
        "releases": [{"on": "mon", "at": "09:00", "first_day": 1, "days": 10}],
        "approval_above_minutes": 60,
    },
]


def save_rules(world: World, data: dict[str, Any]) -> None:
    with unit_of_work() as session:
        rules = SaveRules(site_id=world.sites["mhuma"], data={**USUAL, **data})
        add_version(session, rules, actor=SYSTEM, now=clock.now())


def wishes(dice: random.Random, count: int) -> Iterator[tuple[tuple[str, ...], Interval]]:
    """Yield random wishes, many of them off the grid, too long, too late or on taken time."""
    start = clock.now().replace(minute=0, second=0, microsecond=0)
    for _ in range(count):
        begins = start + timedelta(
            days=dice.choice([0, 1, 2, 2, 2, 3, 6, 20, -1]),
            hours=dice.randrange(24),
            minutes=dice.choice([0, 0, 30, 10]),
        )
        length = timedelta(minutes=dice.choice([15, 30, 60, 60, 90, 100, 180, 300, 1500]))
        machines = dice.choice([("laser",), ("printer",), ("printer",), ("laser", "printer")])
        yield machines, Interval(begins, begins + length)


def slot_of(address: str) -> Interval:
    """Return the slot with which the address fills the booking form."""
    args = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}

    def instant(day: str, at: str) -> datetime:
        return datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=ROME).astimezone(UTC)

    starts_at = instant(args["date"], args["start"])
    if args["length"] == "until":
        return Interval(starts_at, instant(args["end_date"], args["end"]))
    return Interval(starts_at, starts_at + timedelta(minutes=int(args["length"])))


def rule_passes(answer: Answer, rule: str, machine: str | None) -> bool:
    return not any(
        one.rule == rule
        and not one.passed
        and not one.approval
        and one.problem.params.get("machine") == machine
        for one in answer.rules
    )


def offered_on(page: str) -> list[str]:
    """Return the addresses of the free times that a search found."""
    found = re.findall(r'class="btn btn-primary" href="(/bookings/new\?[^"]+)"', page)
    return [unescape(address) for address in found]


@pytest.mark.parametrize("number", range(len(RULES)))
def test_the_step_of_every_failed_rule_solves_it(app: Flask, world: World, number: int) -> None:
    save_rules(world, RULES[number])
    dice = random.Random(number)
    for hour in (10, 14, 16):
        for who in ("alice", "bob"):
            wanted = Book(machines=("laser",), slot=next_slot(hour + (who == "bob")))
            try:
                services.book(wanted, actor=world.actor(who, clock.now()), now=clock.now())
            except Refused:
                continue
    browsers = {who: world.browser(app, who) for who in ("alice", "charlie", "sam")}
    headers = {who: world.headers(who) for who in browsers}
    seen: Counter[str] = Counter()
    for machines, slot in wishes(dice, 14):
        who = dice.choice(["alice", "alice", "charlie", "sam"])
        body = {
            "machines": list(machines),
            "starts_at": slot.starts_at.isoformat(),
            "ends_at": slot.ends_at.isoformat(),
        }
        found = browsers[who].post(CHECK, json=body, headers=headers[who]).get_json()
        for line in found["rules"]:
            if line["passed"] or line["needs_approval"]:
                continue
            assert line["fix_url"], line
            assert line["fix_label"]
            page = browsers[who].get(line["fix_url"])
            assert page.status_code == 200, line
            if is_about_time(line["fix"]):
                seen[follow(world, who, machines, line, page.text)] += 1
    assert seen["solved"] > 5
    assert seen["nothing found"] <= seen["solved"] / 20, seen


def follow(
    world: World, who: str, machines: tuple[str, ...], line: dict[str, Any], page: str
) -> str:
    """Take the step as a person would, and check that its slot passes the rule."""
    address = line["fix_url"]
    if urlsplit(address).path == "/bookings/find":
        times = offered_on(page)
        if not times:
            return "nothing found"
        address = times[0]
    command = Book(machines=machines, slot=slot_of(address))
    answer = explaining.explain(command, actor=world.actor(who, clock.now()), now=clock.now())
    assert rule_passes(answer, line["rule"], line["machine"]), (line, command.slot)
    return "solved"


def why_not(browser: FlaskClient, slot: Interval, machine: str = "laser") -> str:
    address = (
        f"/bookings/why-not?machine={machine}&starts_at={slot.starts_at:%Y-%m-%dT%H:%M:%SZ}"
        f"&ends_at={slot.ends_at:%Y-%m-%dT%H:%M:%SZ}"
    )
    answer = browser.get(address, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return answer.text


def test_taken_time_never_tells_who(app: Flask, world: World) -> None:
    command = Book(machines=("laser",), slot=next_slot(10), note="secret plan")
    services.book(command, actor=world.actor("alice"), now=clock.now())
    for browser in (app.test_client(), world.browser(app, "charlie")):
        page = why_not(browser, next_slot(10))
        assert "Laser is already taken at that time." in page
        assert "Alice" not in page
        assert "secret" not in page
    assert "Alice" not in app.test_client().get("/machines/laser").text


def test_where_only_others_are_in_the_way_one_can_wait(app: Flask, world: World) -> None:
    bob, alice = world.actor("bob"), world.browser(app, "alice")
    services.book(Book(machines=("laser",), slot=next_slot(10)), actor=bob, now=clock.now())
    page = why_not(alice, next_slot(10))
    address = unescape(re.findall(r'href="(/waiting/new\?[^"]+)"', page)[0])
    said = {name: one for name, (one,) in parse_qs(urlsplit(address).query).items()}
    wish = {**said, "what": f"machine:{said['machine']}", "people": "1"}
    assert post(alice, address, "/waiting/new", wish).status_code == 303
    no_certificate = world.browser(app, "charlie")
    for browser, slot in ((alice, next_slot(12)), (no_certificate, next_slot(10))):
        assert "/waiting/new?" not in why_not(browser, slot)
    with unit_of_work() as session:
        rules = SaveRules(site_id=world.sites["mhuma"], data={"waiting_list": False})
        add_version(session, rules, actor=SYSTEM, now=clock.now())
    assert "/waiting/new?" not in why_not(alice, next_slot(10))


def test_for_a_visitor_the_first_line_is_to_sign_in(app: Flask, world: World) -> None:
    page = why_not(app.test_client(), next_slot(10))
    assert "Sign in first" in page
    assert "The machine is free then." in page
    for personal in ("Membership", "certification", "Quota"):
        assert personal not in re.sub(r"<nav.*?</nav>", "", page, flags=re.DOTALL)
    late = why_not(app.test_client(), next_slot(22))
    assert late.index("Sign in first") < late.index("The site is not open")
    step = unescape(re.findall(r'href="(/bookings/why-not\?[^"]+)">Look at', late)[0])
    english = {"Accept-Language": "en"}
    assert "The machine is free then." in app.test_client().get(step, headers=english).text


def test_the_page_asks_for_a_time_and_keeps_what_cannot_be_read(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    assert alice.get("/bookings/why-not?machine=laser").status_code == 200
    assert alice.get("/bookings/why-not?machine=nothing").status_code == 404
    assert alice.get("/bookings/why-not").status_code == 404
    for wrong in (
        "starts_at=x&ends_at=y",
        "starts_at=2026-11-26T10:00:00&ends_at=2026-11-26T09:00:00",
        "starts_at=2026-11-26T10:00:00Z&ends_at=2026-11-26T09:00:00Z",
        "starts_at=0001-01-01T00:00:00Z&ends_at=0001-01-02T00:00:00Z",
        "date=26/11&start=10:00&length=60",
        "date=2026-11-26&start=&length=60",
    ):
        assert alice.get(f"/bookings/why-not?machine=laser&{wrong}").status_code == 422, wrong
    years = "starts_at=2027-01-01T00:00:00Z&ends_at=2029-01-02T00:00:00Z"
    page = alice.get(f"/bookings/why-not?machine=laser&{years}")
    assert "The longest booking is 30 days." in page.text


def test_what_can_be_booked_is_booked_from_there(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    page = why_not(alice, next_slot(10))
    assert "Nothing stands against it." in page
    address = unescape(re.findall(r'href="(/bookings/new\?[^"]+)"', page)[0])
    assert slot_of(address) == next_slot(10)


def test_a_broken_machine_leads_to_others_that_do_the_same(app: Flask, world: World) -> None:
    state = MachineState.OUT_OF_SERVICE
    set_state("laser", state, reason="Lens", actor=world.actor("bob"), now=clock.now())
    page = why_not(world.browser(app, "alice"), next_slot(10))
    step = unescape(re.findall(r'href="([^"]+)">Find another machine', page)[0])
    assert "process=laser_cutting" in step
    found = world.browser(app, "alice").get(step)
    assert "Laser-Scl" in found.text


def test_the_day_list_leads_there_without_a_script(app: Flask, world: World) -> None:
    services.book(
        Book(machines=("laser",), slot=next_slot(10)), actor=world.actor("bob"), now=clock.now()
    )
    day = next_slot(10).starts_at.astimezone(ROME).date()
    alice = world.browser(app, "alice")
    page = alice.get(f"/calendar?site=mhuma&view=list&date={day}").text
    steps = [unescape(url) for url in re.findall(r'href="(/bookings/why-not\?[^"]+)"', page)]
    assert len(steps) >= 4
    assert {alice.get(step).status_code for step in steps} == {200}


def test_checking_in_the_form_books_nothing_and_keeps_what_was_typed(
    app: Flask, world: World
) -> None:
    alice, where = world.browser(app, "alice"), next_slot(10).starts_at.astimezone(ROME)
    form = {
        "machines": ["laser"],
        "date": where.date().isoformat(),
        "start": where.strftime("%H:%M"),
        "length": "180",
        "note": "keep me",
        "act": "check",
    }
    page = post(alice, "/bookings/new?site=mhuma", "/bookings/new", form)
    assert page.status_code == 200
    assert "You cannot book this as it is" in page.text
    assert "keep me" in page.text
    step = unescape(re.findall(r'href="(/bookings/new\?[^"]+)">Take', page.text)[0])
    assert slot_of(step) == Interval(next_slot(10).starts_at, next_slot(12).starts_at)
    filled = alice.get(step)
    assert "keep me" in filled.text
    assert 'selected value="120"' in filled.text
    fine = post(alice, "/bookings/new?site=mhuma", "/bookings/new", form | {"length": "60"})
    assert "You can book this" in fine.text
    assert alice.get("/bookings?format=csv").text.count("\n") == 1


def test_a_move_is_checked_with_its_own_time_left_out(app: Flask, world: World) -> None:
    uid = services.book(
        Book(machines=("laser",), slot=next_slot(10)),
        actor=world.actor("alice"),
        now=clock.now(),
    )
    alice, url = world.browser(app, "alice"), f"/bookings/{uid}"
    where = next_slot(10).starts_at.astimezone(ROME)
    form = {"date": where.date().isoformat(), "start": "10:30", "length": "60", "act": "check"}
    assert "You can move it there" in post(alice, url, f"{url}/move", form).text
    page = post(alice, url, f"{url}/move", form | {"length": "240"}).text
    step = unescape(re.findall(rf'href="({url}\?[^"]+)">Take', page)[0])
    assert slot_of(step).length == timedelta(hours=2)
    assert 'selected value="120"' in alice.get(step).text
    body = {
        "machines": ["laser"],
        "starts_at": next_slot(10.5).starts_at.isoformat(),
        "ends_at": next_slot(11.5).starts_at.isoformat(),
    }
    headers = world.headers("alice")
    assert not alice.post(CHECK, json=body, headers=headers).get_json()["allowed"]
    moved = alice.post(CHECK, json=body | {"booking": uid}, headers=headers)
    assert moved.get_json()["allowed"]
    stranger = alice.post(CHECK, json=body | {"booking": uid}, headers=world.headers("nina"))
    assert stranger.status_code == 404


def test_nothing_is_asked_of_the_database_for_ever(app: Flask, world: World) -> None:
    """A wish that fails everything is answered with a bounded number of statements."""
    from sqlalchemy import event  # noqa: PLC0415

    from labops.kernel.db import db  # noqa: PLC0415

    save_rules(world, RULES[0] | RULES[1] | {"latest_start_minutes": 600})
    slot = next_slot(10)
    command = Book(
        machines=("laser", "printer"),
        slot=Interval(slot.starts_at, slot.ends_at + timedelta(hours=9)),
    )
    counted: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    explaining.explain(command, actor=world.actor("sam", clock.now()), now=clock.now())
    reading().rollback()
    assert len(counted) < 600
