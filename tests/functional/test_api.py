"""The JSON API as a program uses it, on both engines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from labops.domain.bookings.models import Booking
from labops.domain.people import administration
from labops.domain.people.models import ApiToken
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import Scope
from tests.support.world import World, next_slot

BOOKINGS = "/api/v1/bookings"


def wish(start: float = 10, hours: float = 1, **more: Any) -> dict[str, Any]:
    """Return a body for two days from now."""
    slot = next_slot(start, hours)
    return {
        "machines": ["laser"],
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        **more,
    }


def test_a_booking_is_made_moved_and_cancelled(client: FlaskClient, world: World) -> None:
    alice = world.headers("alice")
    made = client.post(BOOKINGS, json=wish(), headers=alice)
    assert made.status_code == 201
    address = made.headers["Location"]
    shown = client.get(address, headers=alice)
    assert shown.json == made.json
    assert (
        client.get(address, headers=alice | {"If-None-Match": shown.headers["ETag"]}).status_code
        == 304
    )
    later = next_slot(14)
    change = {"starts_at": later.starts_at.isoformat(), "ends_at": later.ends_at.isoformat()}
    match = {"If-Match": shown.headers["ETag"]}
    moved = client.patch(address, json=change, headers=alice | match)
    assert (moved.status_code, moved.json["sequence"]) == (200, 1)
    assert client.patch(address, json=change, headers=alice | match).status_code == 412
    gone = client.post(f"{address}/cancel", headers=alice)
    assert gone.json["state"] == "cancelled"


def test_a_taken_slot_is_refused_with_its_code(client: FlaskClient, world: World) -> None:
    assert client.post(BOOKINGS, json=wish(), headers=world.headers("alice")).status_code == 201
    refused = client.post(BOOKINGS, json=wish(), headers=world.headers("bob"))
    assert refused.status_code == 409
    assert refused.content_type == "application/problem+json"
    assert [reason["code"] for reason in refused.json["reasons"]] == ["booking.overlap"]
    assert refused.json["type"] == "urn:labops:refused"


def test_check_gives_every_reason_and_books_nothing(client: FlaskClient, world: World) -> None:
    body = wish(hours=5, machine="laser", machines=[])
    answer = client.post(f"{BOOKINGS}/check", json=body, headers=world.headers("charlie"))
    assert answer.json["allowed"] is False
    assert {reason["code"] for reason in answer.json["reasons"]} == {
        "booking.too-long",
        "person.certification-missing",
    }
    assert reading().scalar(select(func.count()).select_from(Booking)) == 0


def test_the_same_key_books_once(client: FlaskClient, world: World) -> None:
    headers = world.headers("alice") | {"Idempotency-Key": "k1"}
    first = client.post(BOOKINGS, json=wish(), headers=headers)
    again = client.post(BOOKINGS, json=wish(), headers=headers)
    assert (again.status_code, again.json["uid"]) == (201, first.json["uid"])
    other = client.post(BOOKINGS, json=wish(15), headers=headers)
    assert other.status_code == 409
    assert reading().scalar(select(func.count()).select_from(Booking)) == 1


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"machines": ["laser"]}, 422, "starts_at"),
        (wish(machines=[]), 422, "machines"),
        (wish(machines=["nothing"]), 404, None),
        (wish(machines=["laser", "laser"]), 422, "machines"),
        (wish(machines=["laser", "laser-scl"]), 422, "machines"),
        (wish(starts_at="2026-11-26T10:00:00"), 422, "starts_at"),
        (wish(ends_at="2020-01-01T00:00:00Z"), 422, "ends_at"),
        (wish(surprise=1), 422, "surprise"),
        (wish(starts_at=["x"]), 422, "starts_at"),
        ([], 422, "body"),
    ],
)
def test_bad_bodies_get_their_field_named(
    client: FlaskClient, world: World, body: Any, status: int, field: str | None
) -> None:
    answer = client.post(BOOKINGS, json=body, headers=world.headers("alice"))
    assert answer.status_code == status
    if field:
        assert field in {reason["params"]["field"] for reason in answer.json["reasons"]}


def test_unreadable_and_mistyped_bodies(client: FlaskClient, world: World) -> None:
    alice = world.headers("alice")
    answer = client.post(BOOKINGS, data="{", content_type="application/json", headers=alice)
    assert answer.status_code == 400
    assert client.post(BOOKINGS, data="{}", headers=alice).status_code == 415


def test_tokens_carry_no_more_than_their_scope(client: FlaskClient, world: World) -> None:
    read = world.headers("alice", Scope.READ)
    assert client.get(f"{BOOKINGS}?mine=1", headers=read).status_code == 200
    assert client.post(BOOKINGS, json=wish(), headers=read).status_code == 403
    made = client.post(BOOKINGS, json=wish(), headers=world.headers("alice", Scope.WRITE))
    assert made.status_code == 201
    address = made.headers["Location"]
    assert client.get(address, headers=world.headers("bob", Scope.WRITE)).status_code == 404
    assert client.get(address, headers=world.headers("bob")).json["person_name"] == "Alice"
    assert client.get(address, headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert client.get(address).status_code == 401


def test_lists_hide_names_and_page(client: FlaskClient, world: World) -> None:
    for start in (9, 11, 13):
        made = client.post(BOOKINGS, json=wish(start), headers=world.headers("alice"))
        assert made.status_code == 201
    slot = next_slot(8, 12)
    query = {"from": slot.starts_at.isoformat(), "to": slot.ends_at.isoformat(), "limit": "2"}
    page = client.get(BOOKINGS, query_string=query, headers=world.headers("charlie"))
    assert [item["person_name"] for item in page.json["items"]] == [None, None]
    following = page.headers["Link"].split(";")[0].strip("<>")
    rest = client.get(following, headers=world.headers("charlie"))
    assert len(rest.json["items"]) == 1
    assert "Link" not in rest.headers
    only = client.get(
        BOOKINGS, query_string=query | {"machine": "printer"}, headers=world.headers("bob")
    )
    assert only.json == {"items": []}
    assert client.get(BOOKINGS, headers=world.headers("alice")).status_code == 422


def test_a_signed_in_browser_needs_its_csrf_token(app: Flask, world: World) -> None:
    browser = world.browser(app, "alice")
    assert browser.get(f"{BOOKINGS}?mine=1").status_code == 200
    assert browser.post(BOOKINGS, json=wish()).status_code == 400


def test_inventory_and_availability_are_public(client: FlaskClient, world: World) -> None:
    client.post(BOOKINGS, json=wish(), headers=world.headers("alice"))
    assert {item["slug"] for item in client.get("/api/v1/sites").json["items"]} == {
        "mhuma",
        "smart-city-lab",
    }
    machines = client.get("/api/v1/machines?site=mhuma&q=las").json["items"]
    assert [machine["slug"] for machine in machines] == ["laser"]
    assert machines[0]["house_rules"]["longest_minutes"] == 120
    slot = next_slot(8, 12)
    query = {"from": slot.starts_at.isoformat(), "to": slot.ends_at.isoformat()}
    answer = client.get("/api/v1/machines/laser/availability", query_string=query)
    assert len(answer.json["busy"]) == 1
    assert set(answer.json["busy"][0]) == {"starts_at", "ends_at"}
    assert len(answer.json["open"]) == 1
    assert client.get("/api/v1/machines/nothing").status_code == 404


def test_the_description_names_every_operation(client: FlaskClient, world: World) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]["/bookings"]) == {"get", "post"}
    assert "NewBooking" in document["components"]["schemas"]


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "status", "code"),
    [
        ("2026-12-01T10:00:00Z", "2027-01-01T10:00:00Z", 409, "booking.too-long"),
        ("2026-12-01T10:00:00Z", "2150-01-01T10:00:00Z", 409, "booking.too-long"),
        ("2026-12-01T10:00:00Z", "9999-12-31T10:00:00Z", 422, "field.out-of-range"),
        ("0001-01-01T00:00:00Z", "0001-01-01T02:00:00Z", 422, "field.out-of-range"),
        ("9999-12-31T10:00:00Z", "9999-12-31T11:00:00Z", 422, "field.out-of-range"),
        ("9999-12-31T23:58:00-05:00", "9999-12-31T23:59:00-05:00", 422, "field.out-of-range"),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T02:00:00+05:00", 422, "field.out-of-range"),
    ],
)
def test_no_reason_makes_a_booking_of_months(
    client: FlaskClient, world: World, starts_at: str, ends_at: str, status: int, code: str
) -> None:
    body = wish() | {"starts_at": starts_at, "ends_at": ends_at, "override_reason": "A fair"}
    bob = world.headers("bob")
    refused = client.post(BOOKINGS, json=body, headers=bob)
    assert refused.status_code == status
    said = {reason["code"]: reason for reason in refused.json["reasons"]}
    assert said[code]["overridable"] is False
    assert status == 422 or "30 " in said[code]["detail"]
    made = client.post(BOOKINGS, json=wish(), headers=bob)
    times = {"starts_at": starts_at, "ends_at": ends_at, "override_reason": "A fair"}
    moved = client.patch(made.headers["Location"], json=times, headers=bob)
    assert moved.status_code == status


def test_when_a_token_was_last_used_is_noted_once_an_hour(
    app: Flask, client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = world.headers("alice")
    began = clock.now()
    hands = {"now": began}
    monkeypatch.setattr(clock, "now", lambda: hands["now"])

    def used() -> datetime | None:
        reading().rollback()
        return reading().scalars(select(ApiToken.last_used_at)).one()

    assert used() is None
    assert client.get(f"{BOOKINGS}?mine=1", headers=alice).status_code == 200
    assert used() == began
    hands["now"] = began + timedelta(minutes=59)
    client.get(f"{BOOKINGS}?mine=1", headers=alice)
    assert used() == began
    hands["now"] = began + timedelta(minutes=61)
    assert client.get("/api/v1/no-such-thing", headers=alice).status_code == 404
    client.get(f"{BOOKINGS}?mine=1", headers={"Authorization": "Bearer nonsense"})
    assert used() == began
    client.get(f"{BOOKINGS}?mine=1", headers=alice)
    assert used() == hands["now"]
    page = world.browser(app, "alice").get("/tokens").text
    assert "Last used" in page


def test_a_use_that_cannot_be_noted_fails_nobody(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setattr(administration, "note_token_used", busy)
    answer = client.get(f"{BOOKINGS}?mine=1", headers=world.headers("alice"))
    assert (answer.status_code, answer.json) == (200, {"items": []})
