"""Refusals speak of the time on the wall of the site, wherever they are read."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.closures.services import close
from labops.kernel import clock
from tests.support.forms import post
from tests.support.world import World, at, slot

ROME = ZoneInfo("Europe/Rome")
# Half past ten in Milan, where an hour less has passed in UTC.
CLOSED = "The site is closed from Tue 24 Nov, 12:00 to Tue 24 Nov, 13:00."


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Hold the clock at half past ten on a Tuesday in Milan."""
    now = at(10.5)
    monkeypatch.setattr(clock, "now", lambda: now)
    return now


@pytest.fixture
def closed(world: World, wall_clock: datetime) -> None:
    """Close the site from noon to one o'clock."""
    bob = world.actor("bob", wall_clock)
    close(world.sites["mhuma"], slot(12, 13), reason="Party", actor=bob, now=wall_clock)


def typed(hour: str, minutes: int) -> dict[str, object]:
    """Return a filled form for that Tuesday."""
    return {"machines": ["laser"], "date": "2026-11-24", "start": hour, "length": str(minutes)}


def test_the_form_of_a_new_booking(app: Flask, world: World, closed: None) -> None:
    alice = world.browser(app, "alice")
    refused = post(alice, "/bookings/new?site=mhuma", "/bookings/new", typed("11:30", 60))
    assert refused.status_code == 409
    assert CLOSED in refused.text
    assert "UTC" not in refused.text


def test_moving_a_booking(app: Flask, world: World, closed: None, wall_clock: datetime) -> None:
    wish = Book(machines=("laser",), slot=slot(15, 16))
    uid = services.book(wish, actor=world.actor("alice", wall_clock), now=wall_clock)
    alice, url = world.browser(app, "alice"), f"/bookings/{uid}"
    refused = post(alice, url, f"{url}/move", typed("11:30", 60))
    assert refused.status_code == 409
    assert CLOSED in refused.text
    assert "UTC" not in refused.text


def test_checking_in_too_early(app: Flask, world: World, wall_clock: datetime) -> None:
    wish = Book(machines=("laser",), slot=slot(15, 16))
    uid = services.book(wish, actor=world.actor("alice", wall_clock), now=wall_clock)
    alice, url = world.browser(app, "alice"), f"/bookings/{uid}"
    early = post(alice, url, f"{url}/check-in")
    assert early.status_code == 409
    assert "You can check in from Tue 24 Nov, 14:45 on." in early.text
    station = f"/s/{world.laser_code}"
    nonce = "12345678-1234-4234-8234-123456789012"
    scanned = post(alice, "/profile", f"{station}/check-in", {"booking": uid, "nonce": nonce})
    assert "You can check in from Tue 24 Nov, 14:45 on." in scanned.text


def test_booking_at_the_machine(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch, closed: None
) -> None:
    monkeypatch.setattr(clock, "now", lambda: at(12.25))
    alice = world.browser(app, "alice")
    page = alice.get(f"/s/{world.laser_code}").text
    assert CLOSED in page
    assert "UTC" not in page


@pytest.mark.parametrize("path", ["/api/v1/bookings", "/api/v1/bookings/check"])
def test_the_api(app: Flask, world: World, closed: None, path: str) -> None:
    wish = slot(11.5, 12.5)
    body = {
        "machines": ["laser"],
        "starts_at": wish.starts_at.isoformat(),
        "ends_at": wish.ends_at.isoformat(),
    }
    headers = world.headers("alice") | {"Accept-Language": "en"}
    answer = app.test_client().post(path, json=body, headers=headers)
    said = {reason["code"]: reason["detail"] for reason in answer.json["reasons"]}
    assert said["booking.closed"] == CLOSED


def test_acts_over_the_api(app: Flask, world: World, wall_clock: datetime) -> None:
    wish = Book(machines=("laser",), slot=slot(15, 16))
    uid = services.book(wish, actor=world.actor("alice", wall_clock), now=wall_clock)
    headers = world.headers("alice") | {"Accept-Language": "en"}
    early = app.test_client().post(f"/api/v1/bookings/{uid}/check-in", headers=headers)
    assert early.status_code == 409
    assert "You can check in from Tue 24 Nov, 14:45 on." in early.text
