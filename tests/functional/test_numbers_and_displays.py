"""Staff's numbers with their records and files, and what a screen on the wall tells a room."""

from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import datetime, timedelta

import pytest
from flask import Flask

from labops.domain.bookings import services, use
from labops.domain.bookings.commands import Book
from labops.domain.machines.services import set_state
from labops.domain.machines.states import MachineState
from labops.domain.people.models import Person
from labops.domain.privacy.purposes import Purpose
from labops.domain.privacy.services import decide
from labops.domain.use_questions.services import answer
from labops.kernel import clock
from labops.kernel.db import unit_of_work
from labops.kernel.errors import NotFound
from tests.support.forms import post
from tests.support.world import World, at, slot


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """Hold the clock at eight on a Tuesday in Milan; tests move it by `["now"]`."""
    hands = {"now": at(8)}
    monkeypatch.setattr(clock, "now", lambda: hands["now"])
    return hands


def book(world: World, who: str, machine: str, start: float, end: float) -> str:
    """Book by the service."""
    command = Book(machines=(machine,), slot=slot(start, end))
    return services.book(command, actor=world.actor(who, clock.now()), now=clock.now())


def test_every_number_opens_its_records_and_its_file(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    with unit_of_work() as session:
        session.get_one(Person, world.people["charlie"]).name = "=HYPERLINK(1)"
    uid = book(world, "alice", "laser", 9, 11)
    formula = book(world, "charlie", "printer", 9, 10)
    for one, who in ((uid, "alice"), (formula, "charlie")):
        wall_clock["now"] = at(9)
        use.check_in(one, actor=world.actor(who, at(9)), now=at(9))
        use.finish(one, actor=world.actor(who, at(9)), now=at(9.5))
    wall_clock["now"] = at(20)
    staff, other = world.browser(app, "bob"), world.browser(app, "dora")
    days = "since=2026-11-24&until=2026-11-24"
    rows = list(csv.DictReader(io.StringIO(staff.get(f"/numbers.csv?{days}").text)))
    laser = next(row for row in rows if row["machine"] == "laser")
    assert (laser["hours_used"], laser["hours_open"], laser["bookings"]) == ("0.50", "12.00", "1")
    assert float(laser["utilisation"]) == pytest.approx(0.5 / 12, abs=1e-4)
    hours = list(csv.reader(io.StringIO(staff.get(f"/numbers/hours.csv?{days}").text)))
    assert ["2", "9", "1.00"] in hours
    page = staff.get(f"/numbers?{days}").text
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/numbers[^"]*)"', page)}
    assert any("weekday=1&hour=9" in link for link in links)
    for link in links:
        assert staff.get(link).status_code == 200, link
    cell = staff.get(f"/numbers/records?{days}&kind=used&weekday=1&hour=9").text
    assert uid in cell
    assert uid not in staff.get(f"/numbers/records?{days}&kind=used&weekday=1&hour=10").text
    # A name that a spreadsheet would reckon with comes as plain text.
    for file in ("records.csv", "members.csv"):
        assert "'=HYPERLINK(1)" in staff.get(f"/numbers/{file}?{days}").text
    # Another site's staff sees neither the site nor its records.
    assert other.get(f"/numbers?site=mhuma&{days}").status_code == 404
    assert uid not in other.get(f"/numbers/records?{days}").text
    for nonsense in ("since=x&until=9999-99-99", "since=2200-01-01&until=2000-01-01", "hour=99"):
        assert staff.get(f"/numbers?{nonsense}").status_code == 200


def test_a_screen_names_only_who_agreed_and_every_stream_ends(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    book(world, "alice", "laser", 9, 10)
    book(world, "charlie", "printer", 9, 10)
    decide([Purpose.NAME_ON_SCREENS], actor=world.actor("alice", at(8)), now=at(8))
    screen = app.test_client()
    wall_clock["now"] = at(9.25)
    page = screen.get("/display/mhuma").text
    assert "Alice" in page
    assert "Charlie" not in page
    first = screen.get("/display/mhuma/events")
    assert first.mimetype == "text/event-stream"
    number = re.search(r"^id: (\w+)$", first.text, re.MULTILINE)
    assert number
    assert "retry: 15000\n" in first.text
    assert first.text.endswith("\n\n")
    again = screen.get("/display/mhuma/events", headers={"Last-Event-ID": number[1]})
    assert "data:" not in again.text
    decide([], actor=world.actor("alice", at(9.25)), now=at(9.25))
    changed = screen.get("/display/mhuma/events", headers={"Last-Event-ID": number[1]})
    assert "data:" in changed.text
    assert "Alice" not in changed.text
    # Even staff's own screen says no more to the room than to anybody.
    assert "Charlie" not in world.browser(app, "bob").get("/display/mhuma/state").text
    set_state(
        "benches",
        MachineState.OUT_OF_SERVICE,
        reason="Lamp broken",
        actor=world.actor("bob", at(9.25)),
        now=at(9.25) + timedelta(seconds=1),
    )
    assert "Lamp broken" in screen.get("/display/mhuma/state").text
    assert screen.get("/display/nowhere").status_code == 404


def test_what_is_asked_at_a_machine_is_kept_with_its_use(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    staff, alice = world.browser(app, "bob"), world.browser(app, "alice")
    page = "/machines/laser/questions"
    for moment, text in (("before", "Which material?"), ("after", "Anything odd?")):
        said = {"asked_at": moment, "text_it": f"{text} (it)", "text_en": text}
        assert post(staff, page, page, said).status_code == 303
    empty = post(
        staff, page, page, {"asked_at": "before", "text_it": "", "text_en": "Only English"}
    )
    assert empty.status_code == 422
    assert "Only English" in empty.text
    other = world.browser(app, "dora")
    assert post(other, "/profile", page, {"asked_at": "before"}).status_code == 403
    uid = book(world, "alice", "laser", 9, 11)
    wall_clock["now"] = at(9)
    place = f"/s/{world.laser_code}"
    for act, asked, not_asked, said in (
        ("check-in", "Which material?", "Anything odd?", "Plywood <3 mm>"),
        ("finish", "Anything odd?", "Which material?", "Smells of smoke"),
    ):
        shown = alice.get(place).text
        assert asked in shown
        assert not_asked not in shown
        (name,) = re.findall(r'name="(answer-\w+)"', shown)
        form = {"nonce": str(uuid.uuid4()), "booking": uid, name: said}
        for _twice in range(2):
            assert post(alice, place, f"{place}/{act}", form).status_code == 303
    for browser, address in ((staff, page), (alice, f"/bookings/{uid}")):
        told = browser.get(address).text
        assert told.count("Plywood &lt;3 mm&gt;") == 1
        assert told.count("Smells of smoke") == 1
    # What is asked at one machine is no answer about another, nor another person's to give.
    (question,) = {re.search(r"questions/(\w+)/retire", staff.get(page).text)[1]}  # type: ignore[index]
    theirs = book(world, "charlie", "printer", 9, 10)
    charlie = world.actor("charlie", at(9))
    assert answer(theirs, {question: "x"}, actor=charlie, now=at(9)) == 0
    with pytest.raises(NotFound):
        answer(uid, {question: "x"}, actor=charlie, now=at(9))
    assert post(staff, page, f"{page}/{question}/retire").status_code == 303
    assert "Plywood" in staff.get(page).text
    assert f"{question}/retire" not in staff.get(page).text
