"""What scanned codes open and do, and how staff keep them, on both engines."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.stations.models import Scan, Station
from labops.kernel import clock
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation
from labops.kernel.outbox import OutboxMessage
from tests.support.forms import csrf_token, post
from tests.support.world import World, at, slot

TABLES = (Booking, Scan, Allocation, AuditEntry, OutboxMessage, Station)


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """Hold the clock at ten past nine on a Tuesday in Milan; tests move it by `["now"]`."""
    hands = {"now": at(9 + 10 / 60)}
    monkeypatch.setattr(clock, "now", lambda: hands["now"])
    return hands


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browser without a sign-in whose reader chose English."""
    client = app.test_client()
    client.set_cookie("labops_language", "en")
    return client


def rows() -> list[int]:
    """Return how many rows each table has that an act would write to."""
    reading().rollback()
    return [reading().scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def book(
    world: World, who: str = "alice", machine: str = "laser", when: Interval | None = None
) -> str:
    """Book by the service."""
    command = Book(machines=(machine,), slot=when or slot(10, 11))
    return services.book(command, actor=world.actor(who, clock.now()), now=clock.now())


def state_of(uid: str) -> str:
    """Return the state of a booking."""
    reading().rollback()
    return str(reading().scalar(select(Booking.state).where(Booking.uid == uid)))


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, f"no {name} in the page"
    return found.group(1)


def test_a_stranger_sees_the_state_and_comes_back_after_signing_in(
    client: FlaskClient, world: World
) -> None:
    page = client.get(f"/s/{world.laser_code}")
    assert page.status_code == 200
    assert "Laser" in page.text
    assert f"next=/s/{world.laser_code}" in page.text.replace("%2F", "/")
    assert "Alice" not in page.text
    assert client.get(f"/s/{world.door_code}").status_code == 200
    assert client.get("/s/nosuchcode").status_code == 404
    assert client.get("/s/a%00b").status_code == 404


def test_alice_scans_checks_in_and_finishes(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    uid = book(world)
    alice = world.browser(app, "alice")
    url = f"/s/{world.laser_code}"
    early = alice.get(url)
    assert "You can check in from" in early.text
    wall_clock["now"] = at(9.9)
    page = alice.get(url).text
    assert "Check in" in page
    data = {"booking": hidden(page, "booking"), "nonce": hidden(page, "nonce")}
    assert data["booking"] == uid
    done = post(alice, url, f"{url}/check-in", data)
    assert done.status_code == 303
    assert "Checked in at 09:54" in alice.get(done.location).text
    assert state_of(uid) == "checked_in"
    before = rows()
    again = post(alice, url, f"{url}/check-in", data)
    assert (again.status_code, again.location) == (303, done.location)
    assert rows() == before
    wall_clock["now"] = at(10.5)
    page = alice.get(url).text
    assert "Finish" in page
    finish = {"booking": uid, "nonce": hidden(page, "nonce")}
    done = post(alice, url, f"{url}/finish", finish)
    assert "Finished at 10:30" in alice.get(done.location).text
    assert state_of(uid) == "finished"
    before = rows()
    assert post(alice, url, f"{url}/finish", finish).location == done.location
    # The check-in of before, sent once more, gives its own old answer and starts nothing again.
    assert "Checked in" in post(alice, url, f"{url}/check-in", data, follow_redirects=True).text
    assert rows() == before


def test_looking_changes_nothing(app: Flask, world: World) -> None:
    book(world)
    alice = world.browser(app, "alice")
    alice.get("/machines")
    before = rows()
    for _ in range(2):
        for code in (world.laser_code, world.door_code):
            assert alice.get(f"/s/{code}").status_code == 200
            assert alice.get(f"/s/{code}?done={uuid.uuid4()}&booked=x").status_code == 200
            assert alice.get(f"/s/{code}/check-in").status_code == 405
    assert rows() == before


def test_whoever_stands_at_a_free_machine_books_it_and_checks_in(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    url = f"/s/{world.laser_code}"
    page = alice.get(url).text
    offered = re.findall(r'name="slot" id="[^"]+" value="([^"]+)"', page)
    # From nine o'clock, the running half hour: 30, 60 and 120 minutes.
    assert [value.split("/")[1][11:16] for value in offered] == ["08:30", "09:00", "10:00"]
    data = {"slot": offered[1], "nonce": hidden(page, "nonce")}
    booked = post(alice, url, f"{url}/book", data)
    assert booked.status_code == 303
    count = rows()[0]
    assert post(alice, url, f"{url}/book", data).location == booked.location
    assert rows()[0] == count == 1
    page = alice.get(booked.location).text
    assert "Now check in" in page
    done = post(
        alice,
        url,
        f"{url}/check-in",
        {"booking": hidden(page, "booking"), "nonce": hidden(page, "nonce")},
    )
    assert done.status_code == 303
    assert state_of(hidden(page, "booking")) == "checked_in"


def test_refusals_say_every_reason_with_its_step(app: Flask, world: World) -> None:
    url = f"/s/{world.laser_code}"
    page = world.browser(app, "charlie").get(url)
    assert page.status_code == 200
    assert "You need a certification to use Laser" in page.text
    assert 'name="slot"' not in page.text
    nina = world.browser(app, "nina").get(url).text
    assert "Only members of this site" in nina
    assert "You need a certification" in nina
    assert "You cannot book until" in world.browser(app, "sam").get(url).text


def test_booking_without_the_right_is_refused_when_sent_too(app: Flask, world: World) -> None:
    url = f"/s/{world.laser_code}"
    charlie = world.browser(app, "charlie")
    start = at(9)
    data = {
        "slot": f"{start.isoformat()}/{(start + timedelta(hours=1)).isoformat()}",
        "nonce": str(uuid.uuid4()),
    }
    before = rows()
    refused = post(charlie, url, f"{url}/book", data)
    assert refused.status_code == 409
    assert "You need a certification" in refused.text
    assert rows() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": ""},
        {"nonce": "1"},
        {"slot": ""},
        {"slot": "yesterday/today"},
        {"slot": "2026-11-24T09:00:00/2026-11-24T10:00:00"},
        {"slot": "0001-01-01T00:00:00+14:00/9999-12-31T23:59:59-14:00"},
        {"slot": "2026-11-24T10:00:00+00:00/2026-11-24T09:00:00+00:00"},
    ],
)
def test_nonsense_sent_to_a_station_is_refused(
    app: Flask, world: World, changes: dict[str, str]
) -> None:
    url = f"/s/{world.laser_code}"
    start = at(9)
    data = {
        "slot": f"{start.isoformat()}/{(start + timedelta(hours=1)).isoformat()}",
        "nonce": str(uuid.uuid4()),
    }
    answer = post(world.browser(app, "alice"), url, f"{url}/book", data | changes)
    assert answer.status_code == 400


def test_a_busy_machine_says_until_when(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    book(world, who="bob", when=slot(9.5, 10.5))
    wall_clock["now"] = at(9.6)
    page = world.browser(app, "alice").get(f"/s/{world.laser_code}").text
    assert "In use" in page
    assert "Bob" not in page
    assert "Laser is already taken at that time" in page


def test_others_bookings_and_other_machines_are_not_acted_on(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    bobs = book(world, who="bob")
    alices = book(world, machine="printer")
    wall_clock["now"] = at(9.9)
    alice = world.browser(app, "alice")
    url = f"/s/{world.laser_code}"
    for uid in (bobs, alices, "nothing"):
        data = {"booking": uid, "nonce": str(uuid.uuid4())}
        assert post(alice, url, f"{url}/check-in", data).status_code == 404
    nothing_named = post(alice, url, f"{url}/check-in", {"nonce": str(uuid.uuid4())})
    assert nothing_named.status_code == 409
    assert "Your booking is at another machine: Printer" in nothing_named.text
    assert (state_of(bobs), state_of(alices)) == ("confirmed", "confirmed")
    assert "but on another machine" in alice.get(url).text


def test_the_door_shows_todays_bookings(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    uid = book(world, machine="printer")
    alice = world.browser(app, "alice")
    url = f"/s/{world.door_code}"
    assert "You can check in from 09:45" in alice.get(url).text
    wall_clock["now"] = at(10)
    page = alice.get(url).text
    assert "Open now" in page
    data = {"booking": hidden(page, "booking"), "nonce": hidden(page, "nonce")}
    assert post(alice, url, f"{url}/check-in", data).status_code == 303
    assert state_of(uid) == "checked_in"
    assert "Printer" not in world.browser(app, "charlie").get(url).text


def test_too_early_and_too_late_are_said(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    uid = book(world)
    alice = world.browser(app, "alice")
    url = f"/s/{world.laser_code}"
    data = {"booking": uid, "nonce": str(uuid.uuid4())}
    early = post(alice, url, f"{url}/check-in", data)
    assert early.status_code == 409
    assert "You can check in from" in early.text
    # The same act again is answered as before; a new one is another question.
    wall_clock["now"] = at(10.5)
    assert "You can check in from" in post(alice, url, f"{url}/check-in", data).text
    data["nonce"] = str(uuid.uuid4())
    late = post(alice, url, f"{url}/check-in", data)
    assert late.status_code == 409
    assert "Nobody checked in in time" in late.text


def test_acts_need_a_signed_in_person_and_a_token(
    app: Flask, world: World, client: FlaskClient
) -> None:
    uid = book(world)
    url = f"/s/{world.laser_code}/check-in"
    data = {"booking": uid, "nonce": str(uuid.uuid4())}
    token = csrf_token(client, f"/s/{world.laser_code}")
    assert client.post(url, data={**data, "csrf_token": token}).status_code == 401
    assert world.browser(app, "alice").post(url, data=data).status_code == 400


def test_a_retired_code_says_so_and_does_nothing(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    uid = book(world)
    bob = world.browser(app, "bob")
    page = bob.get("/sites/mhuma/stations").text
    station = re.search(r"/sites/mhuma/stations/(\d+)/replace", page.split(world.laser_code)[-1])
    assert station
    answer = post(bob, "/sites/mhuma/stations", station.group(0))
    assert answer.status_code == 303
    old = bob.get(f"/s/{world.laser_code}")
    assert old.status_code == 410
    assert "old sticker" in old.text
    wall_clock["now"] = at(9.9)
    alice = world.browser(app, "alice")
    data = {"booking": uid, "nonce": str(uuid.uuid4())}
    assert post(alice, "/machines", f"/s/{world.laser_code}/check-in", data).status_code == 410
    assert state_of(uid) == "confirmed"
    new = (
        reading()
        .scalars(
            select(Station.code).where(
                Station.retired_at.is_(None), Station.machine_id == world.machines["laser"]
            )
        )
        .one()
    )
    assert new != world.laser_code
    assert alice.get(f"/s/{new}").status_code == 200


def test_staff_label_print_and_retire_at_their_own_site(
    app: Flask, world: World, client: FlaskClient
) -> None:
    bob, url = world.browser(app, "bob"), "/sites/mhuma/stations"
    assert client.get(url).status_code == 401
    assert world.browser(app, "alice").get(url).status_code == 403
    assert world.browser(app, "dora").get(url).status_code == 403
    assert "2 machines got a label" in post(bob, url, f"{url}/machines", follow_redirects=True).text
    assert (
        "Every machine has a label" in post(bob, url, f"{url}/machines", follow_redirects=True).text
    )
    assert post(bob, url, f"{url}/doors", {"name": " "}).status_code == 422
    assert post(bob, url, f"{url}/doors", {"name": "Cortile & <cancello>"}).status_code == 303
    page = bob.get(url).text
    assert "5 codes." in page
    assert "Cortile &amp; &lt;cancello&gt;" in page
    label = re.search(r"/sites/mhuma/stations/\d+/label.svg", page)
    assert label
    cookie = bob.get_cookie("labops_sign_in")
    assert cookie
    bob.set_cookie("labops_sign_in", cookie.value, domain="evil.example")
    drawn = bob.get(label.group(0), base_url="http://evil.example")
    assert drawn.mimetype == "image/svg+xml"
    assert "localhost/s/" in drawn.text
    assert "evil" not in drawn.text
    for sheet in ("a4-24", "a4-8", "roll-62"):
        pdf = bob.get(f"{url}/labels.pdf?page={sheet}")
        assert pdf.data.startswith(b"%PDF-")
    assert bob.get(f"{url}/labels.pdf?page=a0").status_code == 404
    retire = re.search(r"/sites/mhuma/stations/\d+/retire", page)
    assert retire
    assert post(bob, url, retire.group(0)).status_code == 303
    assert "4 codes." in bob.get(url).text
    theirs = retire.group(0).replace("mhuma", "smart-city-lab")
    assert post(world.browser(app, "eva"), url, theirs).status_code == 404
    assert post(world.browser(app, "dora"), "/machines", retire.group(0)).status_code == 403
    assert bob.get(f"{url}/99999999999999999999/label.svg").status_code == 404
