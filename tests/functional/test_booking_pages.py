"""The booking pages as people of each role see them, without a script, on both engines."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from labops.domain.bookings import queries, services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.queries import OwnSearch
from labops.domain.machines.services import DescribeMachine, add_machine
from labops.kernel import clock
from labops.kernel.db import db, reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.forms import csrf_token, post
from tests.support.world import NOW, World, next_slot

ROME = ZoneInfo("Europe/Rome")
BOOKINGS, NEW = "/bookings", "/bookings/new?site=mhuma"


def booked(world: World, name: str, start: float = 10, *machines: str, **more: Any) -> str:
    """Book for a person two days from now; return the uid."""
    command = Book(machines=machines or ("laser",), slot=next_slot(start), **more)
    return services.book(command, actor=world.actor(name), now=clock.now())


def typed(hour: float = 10, /, **changes: Any) -> dict[str, Any]:
    """Return a filled form for an hour two days from now."""
    local = next_slot(hour).starts_at.astimezone(ROME)
    return {
        "machines": ["laser"],
        "date": local.date().isoformat(),
        "start": local.strftime("%H:%M"),
        "length": "60",
        **changes,
    }


def own(world: World, name: str) -> list[queries.BookingView]:
    actor = world.actor(name)
    search = OwnSearch(person_id=world.people[name], now=clock.now())
    return queries.own(reading(), search, actor)[0]


@pytest.mark.parametrize(
    ("url", "nobody", "member", "staff"),
    [
        ("/calendar", 401, 200, 200),
        ("/calendar/data", 401, 200, 200),
        ("/bookings", 401, 200, 200),
        ("/bookings/new", 401, 200, 200),
        ("/feeds", 401, 200, 200),
        ("/today", 401, 403, 200),
        ("/messages", 401, 403, 200),
    ],
)
def test_pages_by_role(
    app: Flask, world: World, client: FlaskClient, url: str, nobody: int, member: int, staff: int
) -> None:
    assert client.get(url).status_code == nobody
    assert world.browser(app, "alice").get(url).status_code == member
    assert world.browser(app, "bob").get(url).status_code == staff


def test_a_booking_is_its_owners_and_the_staffs_of_its_site(app: Flask, world: World) -> None:
    uid = booked(world, "alice", note="pannelli")
    url = f"{BOOKINGS}/{uid}"
    assert "pannelli" in world.browser(app, "alice").get(url).text
    shown = world.browser(app, "bob").get(url)
    assert "Alice" in shown.text
    assert world.browser(app, "eva").get(url).status_code == 200
    for stranger in ("charlie", "dora", "nina"):
        browser = world.browser(app, stranger)
        assert browser.get(url).status_code == 404
        assert post(browser, BOOKINGS, f"{url}/cancel").status_code == 404
        assert post(browser, BOOKINGS, f"{url}/move", typed()).status_code == 404


def test_booking_by_the_form(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    answer = post(alice, NEW, "/bookings/new", typed(note="tre pannelli"))
    assert answer.status_code == 303
    page = alice.get(answer.headers["Location"])
    assert "tre pannelli" in page.text
    assert "Booked." in page.text
    assert own(world, "alice")[0].starts_at == next_slot(10).starts_at


def test_an_end_may_be_given_in_place_of_a_length(app: Flask, world: World) -> None:
    form = typed(length="until", end="11:30")
    alice = world.browser(app, "alice")
    assert post(alice, NEW, "/bookings/new", form).status_code == 303
    view = own(world, "alice")[0]
    assert view.ends_at - view.starts_at == timedelta(minutes=90)


def test_a_refusal_gives_all_reasons_and_keeps_what_was_typed(app: Flask, world: World) -> None:
    booked(world, "alice")
    charlie = world.browser(app, "charlie")
    answer = post(charlie, NEW, "/bookings/new", typed(length="180", note="keep me"))
    assert answer.status_code == 409
    for sentence in (
        "Laser is already taken at that time.",
        "You need a certification to use Laser.",
        "The longest booking is 2 h.",
    ):
        assert sentence in answer.text
    assert "keep me" in answer.text
    assert 'value="laser" checked' in answer.text
    assert 'selected value="180"' in answer.text
    assert "Take " in answer.text
    assert own(world, "charlie") == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"machines": []}, "Choose a machine."),
        ({"date": ""}, "Choose a day."),
        ({"date": "26/11"}, "Write the day as 2026-11-26."),
        ({"date": "0001-01-01"}, "This day is too far away."),
        ({"date": "9999-12-31"}, "This day is too far away."),
        ({"start": "25:00"}, "Write the time as 14:30."),
        ({"start": "morning"}, "Write the time as 14:30."),
        ({"length": "until"}, "Give the end, or choose a length."),
        ({"length": "until", "end": "09:00"}, "The end must come after the start."),
        ({"length": "99999999"}, "Choose a length from the list."),
        ({"length": "99999"}, "No booking may be longer than 30 days."),
        ({"length": "x"}, "Choose a length from the list."),
        ({"machines": ["laser", "laser-scl"]}, "All machines of a booking must be at the same"),
        ({"machines": ["laser", "laser"]}, "Each may be named only once."),
        ({"machines": ["nothing"]}, "There is no such machine."),
        ({"note": "x" * 501}, "Field cannot be longer than 500"),
    ],
)
def test_wrong_forms_say_what_is_wrong(
    app: Flask, world: World, changes: dict[str, Any], sentence: str
) -> None:
    alice = world.browser(app, "alice")
    answer = post(alice, NEW, "/bookings/new", typed(**changes))
    assert answer.status_code == 422
    assert sentence in answer.text


def test_the_same_form_sent_twice_books_once(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    form = {"csrf_token": csrf_token(alice, NEW), **typed(key="one press")}
    first, second = (alice.post("/bookings/new", data=form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert len(own(world, "alice")) == 1
    other = alice.post("/bookings/new", data=form | typed(12, key="one press"))
    assert other.status_code == 303


def test_the_night_the_clocks_go_forward(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    form = typed(date="2027-03-28", start="02:30")
    answer = post(alice, NEW, "/bookings/new", form)
    assert answer.status_code == 422
    assert "the clocks skip 02:30. The next time that exists is 03:30." in answer.text
    assert 'value="02:30"' in answer.text


def test_the_night_the_clocks_go_back(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    form = typed(
        date="2027-10-31", start="02:30", machines=["printer"], override_reason="prova notturna"
    )
    answer = post(bob, NEW, "/bookings/new", form)
    assert answer.status_code == 303
    page = bob.get(answer.headers["Location"])
    assert "the clock shows 02:30 twice. The first one was taken" in page.text
    view = own(world, "bob")[0]
    assert view.starts_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)  # still summer time
    assert view.ends_at - view.starts_at == timedelta(hours=1)


def test_staff_book_for_a_member_and_override(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    form = typed(person=world.uids["alice"], length="180")
    assert "Staff may allow this." in post(bob, NEW, "/bookings/new", form).text
    answer = post(bob, NEW, "/bookings/new", form | {"override_reason": "open day"})
    assert answer.status_code == 303
    assert own(world, "alice")[0].override_reason == "open day"
    unknown = post(bob, NEW, "/bookings/new", typed(14, person="nobody"))
    assert unknown.status_code == 422
    assert "There is nobody with this identifier." in unknown.text
    alice = world.browser(app, "alice")
    assert "Reason for an override" not in alice.get(NEW).text
    mine = typed(15, length="180", override_reason="please")
    assert post(alice, NEW, "/bookings/new", mine).status_code == 403


def test_a_booking_is_moved_and_cancelled_on_its_page(app: Flask, world: World) -> None:
    uid = booked(world, "alice")
    booked(world, "bob", 14)
    alice, url = world.browser(app, "alice"), f"{BOOKINGS}/{uid}"
    refused = post(alice, url, f"{url}/move", typed(14))
    assert refused.status_code == 409
    assert "Laser is already taken at that time." in refused.text
    assert post(alice, url, f"{url}/move", typed(12, sequence="0")).status_code == 303
    late = post(alice, url, f"{url}/move", typed(16, sequence="0"))
    assert late.status_code == 412
    assert "changed meanwhile" in late.text
    never = post(alice, url, f"{url}/move", typed(date="2027-03-28", start="02:10"))
    assert never.status_code == 422
    assert post(alice, url, f"{url}/cancel").status_code == 303
    assert "Cancelled" in alice.get(url).text
    again = post(alice, url, f"{url}/move", typed(17))
    assert again.status_code == 409
    assert "This booking was cancelled." in again.text


def test_checking_in_too_early_says_when(app: Flask, world: World) -> None:
    uid = booked(world, "alice")
    alice, url = world.browser(app, "alice"), f"{BOOKINGS}/{uid}"
    answer = post(alice, url, f"{url}/check-in")
    assert answer.status_code == 409
    assert "You can check in from" in answer.text
    assert post(alice, url, f"{url}/finish").status_code == 409


def test_checking_in_and_finishing(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = booked(world, "alice")
    alice, bob, url = (world.browser(app, "alice"), world.browser(app, "bob"), f"{BOOKINGS}/{uid}")
    start = next_slot(10).starts_at
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=5))
    assert "Check in" in alice.get(url).text
    assert "Keep it" not in alice.get(url).text
    assert post(alice, url, f"{url}/keep").status_code == 403
    assert "Alice" in bob.get("/today").text
    assert "Keep it to its end" in bob.get(url).text
    kept = post(bob, "/today", f"{url}/keep", {"next": "/today?site=mhuma"})
    assert kept.headers["Location"] == "/today?site=mhuma"
    assert "Kept to its end." in bob.get("/today").text
    assert "Keep it" not in bob.get(url).text
    answer = post(bob, "/today", f"{url}/check-in", {"next": "/today?site=mhuma"})
    assert answer.headers["Location"] == "/today?site=mhuma"
    elsewhere = post(bob, "/today", f"{url}/finish", {"next": "//evil.example/today"})
    assert elsewhere.headers["Location"] == url
    assert "Finished" in alice.get(url).text


def test_my_bookings_are_filtered_counted_and_saved(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    assert "Nothing booked yet" in alice.get(BOOKINGS).text
    booked(world, "alice", note="=2+2")
    gone = booked(world, "alice", 13)
    booked(world, "bob", 16)
    services.cancel(gone, actor=world.actor("alice"), now=clock.now())
    page = alice.get(BOOKINGS).text
    assert "1 booking" in page
    assert "Cancelled" in alice.get(f"{BOOKINGS}?when=past").text
    assert "2 bookings" in alice.get(f"{BOOKINGS}?when=all").text
    assert "1 booking<" in alice.get(f"{BOOKINGS}?when=all&state=cancelled").text
    assert "No booking of yours fits" in alice.get(f"{BOOKINGS}?site=smart-city-lab").text
    for odd in ("page=x", "page=99999999999", "page=3", "when=x", "state=x"):
        assert alice.get(f"{BOOKINGS}?{odd}").status_code == 200
    file = alice.get(f"{BOOKINGS}?when=all&format=csv")
    lines = file.text.splitlines()
    assert len(lines) == 3
    assert file.mimetype == "text/csv"
    assert lines[1].endswith(("'=2+2", ",")), "no cell may start a formula"
    assert "'=2+2" in file.text


def test_the_day_list_is_complete_without_a_script(app: Flask, world: World) -> None:
    uid = booked(world, "alice")
    day = next_slot(10).starts_at.astimezone(ROME).date()
    url = f"/calendar?site=mhuma&date={day}"
    page = world.browser(app, "charlie").get(url).text
    laser = _part(page, "laser")
    assert re.search(r"10:00–11:00.*?Taken", laser, re.S)
    assert "Alice" not in page
    assert uid not in page
    assert "start=08:00" in laser
    # Fifteen minutes of clean-up follow the booking, and starts lie on the half hour.
    assert "start=11:30" in laser
    assert re.search(r"08:00–10:00.*?Free", laser, re.S) is None, "a new one needs its clean-up too"
    assert re.search(r"08:00–09:30.*?Free", laser, re.S)
    mine = _part(world.browser(app, "alice").get(url).text, "laser")
    assert f"/bookings/{uid}" in mine
    assert "Alice" in _part(world.browser(app, "bob").get(url).text, "laser")


def test_the_calendar_takes_any_address(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    for query in ("date=x", "date=0001-01-01", "date=9999-12-31", "view=x", "process=x", "date="):
        assert alice.get(f"/calendar?{query}").status_code == 200
        assert alice.get(f"/calendar/data?{query}").status_code == 200
    assert alice.get("/calendar?site=nowhere").status_code == 404
    assert alice.get("/bookings/new?date=x&start=y&end=z&length=q&machine=laser").status_code == 200


def test_calendar_data_is_in_the_sites_wall_time(app: Flask, world: World) -> None:
    uid = booked(world, "alice")
    day = next_slot(10).starts_at.astimezone(ROME).date()
    url = f"/calendar/data?site=mhuma&date={day}"
    seen = world.browser(app, "charlie").get(url).json
    assert [b["start"] for b in seen["bookings"]] == [f"{day}T10:00:00"]
    assert seen["bookings"][0]["title"] == "Taken"
    assert seen["bookings"][0]["movable"] is False
    assert seen["bookings"][0]["url"] == ""
    assert ["laser", f"{day}T11:00:00", f"{day}T11:15:00"] in seen["blocked"]
    assert ["laser", f"{day}T00:00:00", f"{day}T08:00:00"] in seen["closed"]
    assert seen["shows"] == ["08:00:00", "20:00:00"]
    mine = world.browser(app, "alice").get(url).json["bookings"][0]
    assert (mine["uid"], mine["mine"], mine["movable"]) == (uid, True, True)
    staff = world.browser(app, "bob").get(url).json
    assert staff["bookings"][0]["title"] == "Alice"
    assert staff["may_override"] is True


def test_offsets_follow_the_two_nights(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    back = alice.get("/calendar/data?date=2026-10-25").json["offsets"]
    assert back == [["2026-10-24T00:00:00", "+02:00"], ["2026-10-25T03:00:00", "+01:00"]]
    forward = alice.get("/calendar/data?date=2027-03-28").json["offsets"]
    assert forward == [
        ["2027-03-27T00:00:00", "+01:00"],
        ["2027-03-28T02:00:00", None],
        ["2027-03-28T03:00:00", "+02:00"],
    ]


def test_a_weeks_data_costs_the_same_for_one_machine_and_for_sixty(
    app: Flask, world: World
) -> None:
    day = next_slot(10).starts_at.astimezone(ROME).date()
    url = f"/calendar/data?site=mhuma&view=week&date={day}"
    alice = world.browser(app, "alice")
    booked(world, "alice")
    alice.get(url)
    few = _statements(app, lambda: alice.get(url))
    with unit_of_work() as session:
        for number in range(60):
            describe = DescribeMachine(
                name=f"M{number}", slug=f"m{number}", machine_type="bench", capacity=1
            )
            add_machine(session, world.sites["mhuma"], describe, actor=SYSTEM, now=NOW)
    for number in range(0, 60, 10):
        slot = next_slot(9 + number / 10)
        command = Book(machines=(f"m{number}",), slot=slot, override_reason="test")
        services.book(command, actor=world.actor("bob"), now=clock.now())
    many = _statements(app, lambda: alice.get(url))
    assert len(alice.get(url).json["machines"]) == 63
    assert many == few
    assert many <= 12


def test_today_shows_names_only_to_its_own_staff(app: Flask, world: World) -> None:
    booked(world, "alice")
    assert world.browser(app, "dora").get("/today?site=mhuma").status_code == 404
    assert "MHUMA" in world.browser(app, "bob").get("/today").text
    assert world.browser(app, "bob").get("/today?site=smart-city-lab").status_code == 404
    assert world.browser(app, "eva").get("/today?site=smart-city-lab").status_code == 200


def test_messages_say_for_whom(app: Flask, world: World) -> None:
    booked(world, "alice")
    page = world.browser(app, "bob").get("/messages?which=waiting").text
    assert "Booking confirmed" in page
    assert "Alice" in page
    assert "No messages" in world.browser(app, "bob").get("/messages?which=given-up").text
    assert world.browser(app, "bob").get("/messages?which=x&page=-1").status_code == 200


def _part(page: str, machine: str) -> str:
    found = re.search(rf'aria-labelledby="day-{machine}".*?</section>', page, re.S)
    assert found
    return found.group(0)


def _statements(app: Flask, act: Any) -> int:
    count = 0

    def note(*_: Any) -> None:
        nonlocal count
        count += 1

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return count


def test_the_calendar_is_narrowed_to_what_is_free_and_what_one_may_use(
    app: Flask, world: World
) -> None:
    day = next_slot(8).starts_at.astimezone(ROME).date().isoformat()
    for hour in (8, 10.5, 13, 15.5, 18):
        whole = Book(machines=("laser",), slot=next_slot(hour, 2), override_reason="a class")
        services.book(whole, actor=world.actor("bob", clock.now()), now=clock.now())
    charlie = world.browser(app, "charlie")

    def shown(**only: str) -> list[str]:
        page = charlie.get("/calendar", query_string={"site": "mhuma", "date": day, **only})
        data = charlie.get("/calendar/data", query_string={"site": "mhuma", "date": day, **only})
        drawn = [machine["slug"] for machine in data.json["machines"]]
        assert re.findall(r'id="day-([^"]+)"', page.text) == drawn
        return drawn

    assert shown() == ["benches", "laser", "printer"]
    assert shown(free="1") == ["benches", "printer"]
    assert shown(usable="1") == ["benches", "printer"]  # the laser needs a certification
    assert shown(process="laser_cutting", usable="1") == []
    free = charlie.get("/calendar", query_string={"site": "mhuma", "date": day, "free": "1"}).text
    assert "day-row--taken" not in free
    assert 'id="free" name="free" value="1" checked' in free
