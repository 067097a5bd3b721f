"""The pages of doors: screens and their queues, the desk, passes, and what programs read."""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from labops.domain.stations.models import Scan, Station
from labops.domain.visits import kiosks
from labops.domain.visits.models import Kiosk, Visit
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import Scope
from tests.support.doors import digits_of, door, inside, pass_of, room_for
from tests.support.forms import post
from tests.support.world import World, at

TEN = at(10)


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """Hold the clock at ten on a Tuesday in Milan; tests move it by `["now"]`."""
    hands = {"now": TEN}
    monkeypatch.setattr(clock, "now", lambda: hands["now"])
    return hands


def screen(app: Flask, world: World) -> FlaskClient:
    """Return a browser that staff made the screen of the door of."""
    bob = world.browser(app, "bob")
    data = {"station": str(door(world)), "name": "Tablet", "only_screen": "y"}
    made = post(bob, "/door/mhuma", "/door/mhuma/enrol", data)
    assert made.status_code == 303
    cookie = made.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/door" in cookie
    secret = re.search(r"labops_kiosk=([^;]+)", cookie)
    assert secret is not None
    client = app.test_client()
    client.set_cookie("labops_kiosk", secret[1], path="/door")
    return client


def queued(counter: int, text: str, **more: Any) -> dict[str, Any]:
    """Return one scan of a queue."""
    return {"counter": counter, "nonce": f"nonce-{counter:04}", "text": text, **more}


def send(client: FlaskClient, *scans: dict[str, Any], sent_at: datetime = TEN) -> Any:
    """Let the screen send scans; return the server's answer."""
    body = {"sent_at": sent_at.isoformat(), "scans": list(scans)}
    answer = client.post("/door/mhuma/scans", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json


def test_a_screen_is_enrolled_once_and_may_be_revoked(app: Flask, world: World) -> None:
    client = screen(app, world)
    page = client.get("/door/mhuma")
    assert page.headers["Permissions-Policy"].startswith("camera=(self)")
    assert "'wasm-unsafe-eval'" in page.headers["Content-Security-Policy"]
    reading().rollback()
    station = reading().get_one(Station, door(world))
    assert station.needs_screen
    assert f"/s/{world.door_code}" not in page.text  # only as a picture
    assert client.get("/door/smart-city-lab/state").status_code == 404
    stored = reading().scalars(select(Kiosk)).one()
    assert len(stored.secret_digest) == 64
    bob = world.browser(app, "bob")
    assert "Tablet" in bob.get("/desk/mhuma").text
    gone = post(bob, "/desk/mhuma", f"/door/mhuma/kiosks/{stored.uid}/revoke")
    assert gone.status_code == 303
    assert client.get("/door/mhuma/state").status_code == 404
    assert client.post("/door/mhuma/scans", json={}).status_code == 404
    reading().rollback()
    assert not station.needs_screen
    assert list(kiosks.of_site(reading(), world.sites["mhuma"])) == []


def test_a_screen_sends_its_queue_again_without_harm(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    """Its clock is an hour wrong, what it knows is old, and one of its scans is unreadable."""
    client, wrong = screen(app, world), timedelta(hours=1)
    wall_clock["now"] = at(12)
    queue = [
        queued(1, pass_of(world, "alice", TEN), at=(TEN + wrong).isoformat()),
        queued(2, "x" * 150, at=(TEN + wrong).isoformat()),
        queued(3, pass_of(world, "charlie", at(11)), at=(at(11) + wrong).isoformat()),
    ]
    for _time in range(2):
        answer = send(client, *queue, sent_at=at(12) + wrong)
        assert [one["result"] for one in answer["results"]] == [
            "checked_in",
            "pass_unknown",
            "checked_in",
        ]
    assert answer["results"][0]["replayed"]
    assert (answer["count"], len(answer["codes"])) == (2, 6)
    reading().rollback()
    starts = select(Visit.starts_at).order_by(Visit.starts_at)
    assert list(reading().scalars(starts)) == [TEN, at(11)]
    assert reading().scalar(select(func.count(Scan.id))) == 3


def test_the_screen_speaks_the_language_of_whom_it_lets_in(app: Flask, world: World) -> None:
    client = screen(app, world)
    client.set_cookie("labops_language", "it")
    (answer,) = send(client, queued(1, digits_of(world, "alice", TEN)))["results"]
    assert (answer["language"], answer["title"], answer["name"]) == ("en", "Welcome", "Alice")
    (strange,) = send(client, queued(2, "12"))["results"]
    assert (strange["language"], strange["title"]) == ("", "Tessera sconosciuta")
    guests = queued(
        3, pass_of(world, "alice", TEN), guests="Class 3B", people_count=12, minors=True
    )
    (group,) = send(client, guests)["results"]
    assert (group["result"], inside(world)) == ("checked_in", 13)
    # Without a script the form does the same.
    page = client.post(
        "/door/mhuma/scan",
        data={
            "nonce": str(uuid.uuid4()),
            "act": "check_out",
            "text": digits_of(world, "alice", TEN),
        },
    )
    assert 'data-result="pass_used"' in page.text  # these digits have let her in


def test_by_phone_only_the_code_on_the_screen_counts(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    client = screen(app, world)
    state = client.get("/door/mhuma/state").json
    alice, address = world.browser(app, "alice"), f"/s/{world.door_code}"
    wall = post(alice, address, f"{address}/check-in", {"nonce": str(uuid.uuid4())})
    assert wall.status_code == 409
    assert "only the code on the screen counts" in wall.text
    typed = {"nonce": str(uuid.uuid4()), "digits": state["codes"][0]["digits"]}
    wall_clock["now"] = TEN + timedelta(minutes=2)
    late = post(alice, "/pass", "/pass/type", typed)
    assert (late.status_code, inside(world)) == (409, 0)
    assert "has expired" in late.text
    fresh = client.get("/door/mhuma/state").json["codes"][0]["digits"]
    typed = {"nonce": str(uuid.uuid4()), "digits": fresh}
    assert post(alice, "/pass", "/pass/type", typed).status_code == 303
    assert inside(world) == 1
    assert "You are in at MHUMA since 10:02" in alice.get("/pass").text
    left = post(alice, "/pass", "/pass/leave", {"nonce": str(uuid.uuid4())})
    assert (left.status_code, inside(world)) == (303, 0)
    assert post(alice, "/pass", "/pass/type", typed | {"digits": "hello"}).status_code == 422


def test_looking_changes_nothing(app: Flask, world: World) -> None:
    client = screen(app, world)
    before = rows()
    alice, bob = world.browser(app, "alice"), world.browser(app, "bob")
    for browser, path in (
        (alice, "/pass"),
        (alice, "/pass/codes"),
        (alice, f"/s/{world.door_code}?k=1.2"),
        (client, "/door/mhuma"),
        (client, "/door/mhuma/state"),
        (bob, "/desk/mhuma?q=al"),
        (bob, "/evacuation/mhuma"),
        (bob, "/evacuation/mhuma/copy.html"),
    ):
        assert browser.get(path).status_code == 200, path
    assert rows() == before
    answer = alice.get("/pass/codes")
    assert answer.headers["Cache-Control"] == "no-store"
    assert len({one["digits"] for one in answer.json["codes"]}) == 20


def rows() -> list[int]:
    """Return how many rows the tables have that an act would write to."""
    reading().rollback()
    return [
        reading().scalar(select(func.count()).select_from(table)) or 0
        for table in (Scan, Visit, Kiosk)
    ]


def test_the_desk_mends_what_stands_in_the_way(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    data = {"nonce": str(uuid.uuid4()), "act": "check_in", "text": pass_of(world, "nina", TEN)}
    refused = post(bob, "/desk/mhuma", "/desk/mhuma/scan", data)
    assert refused.status_code == 409
    assert "Let her in all the same, because" in refused.text
    data = {
        "nonce": str(uuid.uuid4()),
        "act": "check_in",
        "person": world.uids["nina"],
        "override_reason": "Visits with her school",
    }
    let_in = post(bob, "/desk/mhuma", "/desk/mhuma/scan", data)
    assert (let_in.status_code, inside(world)) == (303, 1)
    page = bob.get(let_in.location).text
    assert "Welcome, Nina" in page
    room_for(world, 4)
    guests = {"nonce": str(uuid.uuid4()), "name": "Class 3B", "people_count": "20", "host": "Nina"}
    full = post(bob, "/desk/mhuma", "/desk/mhuma/guests", guests)
    assert full.status_code == 409
    assert "room for 3 more people" in full.text
    guests |= {"nonce": str(uuid.uuid4()), "over_capacity": "y"}
    assert post(bob, "/desk/mhuma", "/desk/mhuma/guests", guests).status_code == 303
    assert inside(world) == 21
    assert "let in over capacity" in bob.get("/desk/mhuma").text
    copy = bob.get("/evacuation/mhuma/copy.html")
    assert "attachment" in copy.headers["Content-Disposition"]
    assert "Class 3B" in copy.text
    assert "<script" not in copy.text
    # A script is answered in JSON, and another site's page not at all.
    answer = bob.post(
        "/desk/mhuma/scan",
        data=data | {"nonce": str(uuid.uuid4()), "csrf_token": token_of(page)},
        headers={"Accept": "application/json"},
    )
    assert (answer.json["result"], answer.json["tone"]) == ("already_in", "known")


def token_of(page: str) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_programs_let_in_and_out_and_count(app: Flask, world: World) -> None:
    client, bob = app.test_client(), world.headers("bob")
    body = {"site": "mhuma", "pass": pass_of(world, "alice", TEN)}
    came = client.post("/api/v1/check-ins", json=body, headers=bob)
    assert (came.status_code, came.json["result"]) == (200, "checked_in")
    assert came.json["person"] == world.uids["alice"]
    kept = bob | {"Idempotency-Key": "one"}
    for replayed in (False, True):
        used = client.post("/api/v1/check-outs", json={"site": "mhuma"}, headers=kept)
        assert (used.json["result"], used.json["replayed"]) == ("not_in", replayed)
    for text, code in (
        (pass_of(world, "alice", TEN - timedelta(minutes=9)), "pass.expired"),
        ("nonsense", "pass.unknown"),
    ):
        refused = client.post("/api/v1/check-ins", json=body | {"pass": text}, headers=bob)
        assert (refused.status_code, refused.json["reasons"][0]["code"]) == (409, code)
    room_for(world, 1)
    full = client.post(
        "/api/v1/check-ins", json={"site": "mhuma"}, headers=world.headers("charlie")
    )
    assert (full.status_code, full.json["reasons"][0]["code"]) == (409, "site.full")
    for who, scope in (("charlie", Scope.STAFF), ("bob", Scope.WRITE), ("dora", Scope.STAFF)):
        text = pass_of(world, "alice", TEN)
        headers = world.headers(who, scope)
        status = client.post("/api/v1/check-ins", json=body | {"pass": text}, headers=headers)
        assert status.status_code == 403
    counted = client.get("/api/v1/sites/mhuma/occupancy").json
    assert (counted["count"], counted["capacity"], counted["full"]) == (1, 1, True)


def test_the_world_reads_whether_the_space_is_open(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    client = app.test_client()
    answer = client.get("/spaceapi/mhuma.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    told = answer.json
    # What the schema of version 15 requires, and how it wants it.
    assert set(told) >= {"api_compatibility", "space", "logo", "url", "contact"}
    assert "15" in told["api_compatibility"]
    assert told["location"]["timezone"] == "Europe/Rome"
    assert ("lat" in told["location"]) == ("lon" in told["location"])
    assert told["state"]["open"] is True
    assert told["sensors"]["people_now_present"][0]["value"] == 0
    wall_clock["now"] = at(23)
    assert client.get("/spaceapi/mhuma.json").json["state"]["open"] is False
    assert client.get("/spaceapi/nowhere.json").status_code == 404
