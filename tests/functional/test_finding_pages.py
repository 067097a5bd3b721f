"""The page that finds a time."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from labops.domain.bookings import queries
from labops.domain.bookings.queries import Search
from labops.kernel import clock
from labops.kernel.db import reading
from tests.support.forms import post
from tests.support.world import World, at

PAGE = "/bookings/find"


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold the clock at nine on a Tuesday in Milan."""
    monkeypatch.setattr(clock, "now", lambda: at(9))


def test_what_it_offers_can_be_booked(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    empty = alice.get(PAGE)
    assert empty.status_code == 200
    assert "Free times" not in empty.text
    found = alice.get(PAGE, query_string={"process": "laser_cutting", "length": "120", **days(3)})
    assert found.status_code == 200
    assert "Tue 24 Nov, 09:00–11:00" in found.text
    assert "site=mhuma&amp;machine=laser&amp;date=2026-11-24&amp;start=09:00&amp;length=120" in (
        found.text.replace("%3A", ":")
    )
    form = "/bookings/new?site=mhuma&machine=laser&date=2026-11-24&start=09:00&length=120"
    booked = post(
        alice,
        form,
        "/bookings/new",
        {"machines": ["laser"], "date": "2026-11-24", "start": "09:00", "length": "120"},
    )
    assert booked.status_code == 303
    later = alice.get(PAGE, query_string={"process": "laser_cutting", "length": "120", **days(3)})
    assert "Tue 24 Nov, 09:00–11:00" not in later.text
    mine = Search(person_id=world.people["alice"])
    assert len(queries.listed(reading(), mine, world.actor("alice"))[0]) == 1


def test_what_one_may_not_use_is_shown_on_request_with_the_reason(app: Flask, world: World) -> None:
    charlie = world.browser(app, "charlie")
    wish = {"process": "laser_cutting", "length": "60", "site": "mhuma", **days(2)}
    assert "you cannot book them yet" in charlie.get(PAGE, query_string=wish).text
    nowhere = {**wish, "width": "90000", "depth": "90000"}
    assert "No free time found" in charlie.get(PAGE, query_string=nowhere).text
    shown = charlie.get(PAGE, query_string={**wish, "everything": "y"}).text
    assert "Tue 24 Nov, 09:00–10:00" in shown
    assert "certification" in shown


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"last": "2026-11-01"}, "This day is before the first."),
        ({"last": "2027-11-01"}, "Look at three months at most."),
        ({"last": "2999-11-01"}, "Choose another day."),
        ({"last": ""}, "Choose a day."),
        ({"first": "tomorrow"}, "Write the day as 2026-11-26."),
        ({"width": "300"}, "Write width and depth."),
        ({"width": "-3", "depth": "nan"}, "Write sizes in millimetres"),
        ({"width": "wide", "depth": "2"}, "wide"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept(
    app: Flask, world: World, typed: dict[str, str], sentence: str
) -> None:
    answer = world.browser(app, "alice").get(
        PAGE, query_string={"length": "60", **days(3), **typed}
    )
    assert answer.status_code == 422
    assert sentence in answer.text


def test_the_check_says_what_every_rule_found(app: Flask, world: World) -> None:
    wish = {
        "machine": "laser",
        "starts_at": "2026-11-24T10:00:00+01:00",
        "ends_at": "2026-11-24T15:00:00+01:00",
    }
    headers = world.headers("charlie")
    answer = app.test_client().post("/api/v1/bookings/check", json=wish, headers=headers).json
    assert answer["allowed"] is False
    failed = [rule for rule in answer["rules"] if not rule["passed"]]
    assert [rule["rule"] for rule in failed] == ["longest", "certification"]
    assert [rule["code"] for rule in failed] == [reason["code"] for reason in answer["reasons"]]
    passed = {rule["rule"] for rule in answer["rules"] if rule["passed"]}
    assert {"free", "opening", "member", "in-service", "grid"} <= passed
    assert all(rule["name"] and rule["detail"] for rule in failed)


def test_strange_lists_fall_back(app: Flask, world: World) -> None:
    strange = {"length": "17", "process": "magic", "site": "atlantis", "material": "x", **days(3)}
    answer = world.browser(app, "alice").get(PAGE, query_string=strange)
    assert answer.status_code == 200
    assert "No free time found" in answer.text


def days(count: int) -> dict[str, str]:
    """Return a period from today on."""
    today = at(9).astimezone(ZoneInfo("Europe/Rome")).date()
    return {"first": today.isoformat(), "last": (today + timedelta(days=count)).isoformat()}
