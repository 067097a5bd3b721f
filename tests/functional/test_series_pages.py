"""Series in the browser, without a script: what would become of each, then all or none."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.closures.services import close
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.series.models import Series
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM
from tests.support.forms import csrf_token, post
from tests.support.world import NOW, World, at, slot

NEW = "/bookings/new?site=mhuma"
OPEN = {"grid_minutes": 30, "longest_minutes": 240, "horizon_days": 120, "one_at_a_time": 3}
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
BOX = re.compile(r'name="take" id="take-\d+" value="(\d+)"( checked)?')


@pytest.fixture(autouse=True)
def _steady(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    let_rules(world)
    monkeypatch.setattr(clock, "now", lambda: NOW)


def let_rules(world: World, **changes: Any) -> None:
    """Set the house rules of MHUMA, wide enough for series."""
    rules = SaveRules(site_id=world.sites["mhuma"], data={**OPEN, **changes})
    save_rules(rules, actor=SYSTEM, now=NOW)


def typed(**changes: Any) -> dict[str, Any]:
    """Return the form for four Tuesdays from 24 November on, 10:00 to 11:00."""
    form = {
        "machines": ["printer"],
        "date": "2026-11-24",
        "start": "10:00",
        "length": "60",
        "repeat": "1",
        "count": "4",
        "key": "one form",
    }
    return form | changes


def shown(browser: FlaskClient, **changes: Any) -> TestResponse:
    return post(browser, NEW, "/bookings/new", typed(**changes))


def sent_on(page: str, act: str = "confirm", **changes: Any) -> dict[str, Any]:
    """Return what the page of a preview sends: its hidden fields, and the boxes ticked."""
    form: dict[str, Any] = {}
    for name, value in FIELD.findall(page[page.index('class="form form--wide"') :]):
        form.setdefault(name, []).append(value)
    form["take"] = [number for number, ticked in BOX.findall(page) if ticked]
    return form | {"act": act} | changes


def starts(world: World, who: str = "alice") -> list[datetime]:
    reading().rollback()  # see what the web request wrote
    query = select(Booking.starts_at).where(
        Booking.person_id == world.people[who], Booking.state.in_(["confirmed", "requested"])
    )
    return sorted(reading().scalars(query))


def tuesdays(*weeks: int, hour: float = 10) -> list[datetime]:
    return [at(hour, day=1 + 7 * week) for week in weeks]


def made(browser: FlaskClient, **changes: Any) -> str:
    """Book a series by the pages and return the address of its page."""
    answer = browser.post("/bookings/new", data=sent_on(shown(browser, **changes).text))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def test_the_form_shows_each_occurrence_and_books_none_yet(app: Flask, world: World) -> None:
    close(
        world.sites["mhuma"],
        Interval(at(0, day=15), at(24, day=15)),
        reason="Sant'Ambrogio",
        actor=world.actor("bob"),
        now=NOW,
    )
    taken = Book(machines=("printer",), slot=slot(10, 11, day=8))
    bookings.book(taken, actor=world.actor("bob"), now=NOW)
    answer = shown(world.browser(app, "alice"))
    assert answer.status_code == 200
    assert "every week on Tuesday, 10:00–11:00" in answer.text
    assert "2 of 4 can be booked." in answer.text
    assert "is already taken at that time." in answer.text
    assert "See when it is free" in answer.text
    assert "Closed: Sant&#39;Ambrogio." in answer.text
    assert [number for number, _ticked in BOX.findall(answer.text)] == ["1", "4"]
    assert starts(world) == []


def test_the_rest_is_booked_as_it_was_shown(app: Flask, world: World) -> None:
    taken = Book(machines=("printer",), slot=slot(10, 11, day=8))
    bookings.book(taken, actor=world.actor("bob"), now=NOW)
    alice = world.browser(app, "alice")
    page = alice.get(made(alice, note="tre pannelli")).text
    assert "3 bookings made." in page
    assert starts(world) == tuesdays(0, 2, 3)
    # The numbers of those that were not booked stay free.
    assert [int(n) for n in re.findall(r"<div>(\d+)\. <a", page)] == [1, 3, 4]
    notes = set(reading().scalars(select(Booking.note).where(Booking.series_id.is_not(None))))
    assert notes == {"tre pannelli"}


def test_what_is_not_ticked_is_not_booked_and_room_is_made_for_others(
    app: Flask, world: World
) -> None:
    let_rules(world, open_bookings=2)
    alice = world.browser(app, "alice")
    first = shown(alice).text
    assert "2 of 4 can be booked." in first
    again = alice.post("/bookings/new", data=sent_on(first, "again", take=["2"])).text
    assert "Left out." in again
    assert [n for n, ticked in BOX.findall(again) if ticked] == ["2", "3"]
    # Ticking again what was left out is looked at before it is booked.
    form = sent_on(again, take=["1", "2"])
    ticked = alice.post("/bookings/new", data=form)
    assert ticked.status_code == 200
    assert starts(world) == []
    assert alice.post("/bookings/new", data=sent_on(again)).status_code == 303
    assert starts(world) == tuesdays(1, 2)


def test_nothing_ticked_is_nothing_booked(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    answer = alice.post("/bookings/new", data=sent_on(shown(alice).text, take=[]))
    assert answer.status_code == 422
    assert "Tick at least one." in answer.text
    assert starts(world) == []


def test_when_something_changed_meanwhile_the_new_preview_is_shown(
    app: Flask, world: World
) -> None:
    alice = world.browser(app, "alice")
    page = shown(alice).text
    taken = Book(machines=("printer",), slot=slot(10.5, 11.5, day=15))
    bookings.book(taken, actor=world.actor("bob"), now=NOW)
    answer = alice.post("/bookings/new", data=sent_on(page))
    assert answer.status_code == 412
    assert "Something changed meanwhile, and nothing was booked." in answer.text
    assert "3 of 4 can be booked." in answer.text
    assert starts(world) == []
    assert alice.post("/bookings/new", data=sent_on(answer.text)).status_code == 303
    assert starts(world) == tuesdays(0, 1, 3)


def test_the_same_confirmation_sent_twice_books_once(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    form = sent_on(shown(alice).text)
    first, second = (alice.post("/bookings/new", data=form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert reading().scalar(select(func.count()).select_from(Series)) == 1


def test_staff_override_the_whole_series_with_a_reason(app: Flask, world: World) -> None:
    let_rules(world, horizon_days=7)
    bob = world.browser(app, "bob")
    form = {"person": world.uids["alice"], "repeat": "2", "count": "", "until": "2027-01-05"}
    plain = shown(bob, **form)
    assert "1 of 4 can be booked." in plain.text
    assert "Staff may allow this." in plain.text
    page = shown(bob, **form, override_reason="a course").text
    assert page.count("By override") == 3
    assert bob.post("/bookings/new", data=sent_on(page)).status_code == 303
    assert starts(world) == tuesdays(0, 2, 4, 6)
    mine = shown(world.browser(app, "alice"), override_reason="please")
    assert mine.status_code == 403


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"count": "1"}, "This must lie between 2 and 52."),
        ({"count": "53"}, "This must lie between 2 and 52."),
        ({"count": "many"}, "Write a whole number, such as 8."),
        ({"count": ""}, "This field must be filled in."),
        ({"count": "", "until": "2026-11-30"}, "This must lie between"),
        ({"count": "", "until": "2028-11-30"}, "This must lie between"),
        ({"repeat": "3"}, "is not one of the choices"),
        ({"repeat": "x"}, "is not one of the choices"),
        ({"machines": ["nothing"]}, "There is no such machine."),
    ],
)
def test_wrong_forms_say_what_is_wrong(
    app: Flask, world: World, changes: dict[str, Any], sentence: str
) -> None:
    answer = shown(world.browser(app, "alice"), **changes)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_this_and_the_following_move_and_become_a_series_of_their_own(
    app: Flask, world: World
) -> None:
    alice = world.browser(app, "alice")
    series = made(alice)
    form = {"number": "3", "date": "2026-12-09", "start": "14:00", "length": "90"}
    page = post(alice, f"{series}/move", f"{series}/move", {**form, "scope": "following"})
    assert page.status_code == 200
    assert starts(world) == tuesdays(0, 1, 2, 3)
    answer = alice.post(f"{series}/move", data=sent_on(page.text))
    assert answer.status_code == 303
    after = answer.headers["Location"]
    assert after != series
    assert starts(world) == [*tuesdays(0, 1), at(14, day=16), at(14, day=23)]
    shown_after = alice.get(after).text
    assert "every week on Wednesday, 14:00–15:30" in shown_after
    assert series in shown_after
    assert after in alice.get(series).text


def test_all_move_a_week_on_into_each_others_places(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    series = made(alice)
    taken = Book(machines=("printer",), slot=slot(10, 11, day=29))
    bookings.book(taken, actor=world.actor("bob"), now=NOW)
    form = {"number": "1", "date": "2026-12-01", "start": "10:00", "length": "60", "scope": "all"}
    page = post(alice, f"{series}/move", f"{series}/move", form).text
    # The last one cannot go, so that its place does not become free for the one before it.
    assert BOX.findall(page) == []
    bookings.cancel(_uid(world, "bob"), actor=world.actor("bob"), now=NOW)
    page = post(alice, f"{series}/move", f"{series}/move", form).text
    assert [n for n, _ in BOX.findall(page)] == ["1", "2", "3", "4"]
    answer = alice.post(f"{series}/move", data=sent_on(page))
    assert answer.headers["Location"] == series
    assert starts(world) == tuesdays(1, 2, 3, 4)
    assert "Moved by itself" not in alice.get(series).text


def test_one_moves_alone_and_stays_in_its_series(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    series = made(alice)
    form = {"number": "2", "date": "2026-12-02", "start": "10:00", "length": "60", "scope": "one"}
    page = post(alice, f"{series}/move", f"{series}/move", form).text
    answer = alice.post(f"{series}/move", data=sent_on(page))
    assert answer.headers["Location"] == series
    assert starts(world) == sorted([*tuesdays(0, 2, 3), at(10, day=9)])
    assert alice.get(series).text.count("Moved by itself") == 1
    same = form | {"date": "2026-12-02"}
    unchanged = post(alice, f"{series}/move", f"{series}/move", same)
    assert unchanged.status_code == 422
    assert "This is the time that it has already." in unchanged.text


@pytest.mark.parametrize(
    ("number", "scope", "left"), [("2", "one", 3), ("3", "following", 2), ("3", "all", 0)]
)
def test_cancelling_one_some_and_all(
    app: Flask, world: World, number: str, scope: str, left: int
) -> None:
    alice = world.browser(app, "alice")
    series = made(alice)
    page = alice.get(f"{series}/cancel?number={number}&scope={scope}").text
    assert len(starts(world)) == 4
    form = sent_on(page, csrf_token=csrf_token(alice, NEW))
    assert alice.post(f"{series}/cancel", data=form).status_code == 303
    assert len(starts(world)) == left


def test_what_would_be_late_is_said_before_it_counts(app: Flask, world: World) -> None:
    let_rules(world, cancel_notice_minutes=48 * 60, late_cancel="missed")
    alice = world.browser(app, "alice")
    series = made(alice)
    page = alice.get(f"{series}/cancel?scope=all").text
    assert page.count("This comes late") == 1
    let_rules(world, cancel_notice_minutes=48 * 60)
    page = alice.get(f"{series}/cancel?scope=all").text
    assert page.count("It is too late to cancel this booking yourself.") == 1
    assert [n for n, _ in BOX.findall(page)] == ["2", "3", "4"]
    form = sent_on(page, csrf_token=csrf_token(alice, NEW))
    assert alice.post(f"{series}/cancel", data=form).status_code == 303
    assert starts(world) == tuesdays(0)


def test_what_has_begun_is_never_touched(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = world.browser(app, "alice")
    series = made(alice)
    later = at(10.05, day=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    page = alice.get(f"{series}/cancel?scope=all&number=3").text
    assert [n for n, _ in BOX.findall(page)] == ["3", "4"]
    begun = alice.get(f"{series}/cancel?number=2&scope=following")
    assert begun.status_code == 409
    assert "it cannot be changed with others" in begun.text


def test_a_series_is_its_owners_and_the_staffs(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    series = made(alice)
    form = {"number": "1", "date": "2026-12-02", "start": "10:00", "length": "60", "scope": "all"}
    for stranger in ("charlie", "dora", "nina"):
        browser = world.browser(app, stranger)
        for page in ("", "/move", "/cancel"):
            assert browser.get(series + page).status_code == 404
        assert post(browser, "/profile", f"{series}/move", form).status_code == 404
        assert post(browser, "/profile", f"{series}/cancel", form).status_code == 404
    for staff in ("bob", "eva"):
        assert "Alice" in world.browser(app, staff).get(series).text
        assert world.browser(app, staff).get(f"{series}/cancel").status_code == 200


def test_bookings_lead_to_their_series(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    series = made(alice)
    assert alice.get("/bookings").text.count(f'href="{series}"') == 4
    page = alice.get(f"/bookings/{_uid(world, 'alice')}").text
    assert "Number 1 of a series" in page
    assert f"{series}/move?number=1" in page


def test_the_night_the_clocks_go_forward_is_marked(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    form = {"date": "2027-03-14", "start": "02:30", "count": "4", "override_reason": "a long print"}
    page = shown(bob, **form).text
    assert page.count("The clocks skip the usual time that night: it starts at 03:30.") == 1
    answer = bob.post("/bookings/new", data=sent_on(page))
    text = bob.get(answer.headers["Location"]).text
    assert text.count("Later by the clock") == 1
    assert [at.hour * 60 + at.minute for at in starts(world, "bob")] == [90, 90, 90, 30]


def _uid(world: World, who: str) -> str:
    query = select(Booking.uid).where(Booking.person_id == world.people[who])
    return str(reading().scalars(query.order_by(Booking.starts_at)).first())
