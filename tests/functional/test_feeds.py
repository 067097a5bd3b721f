"""Calendar addresses: making and revoking them, and what a calendar gets, on both engines."""

from __future__ import annotations

import gzip
import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from labops.blueprints.feeds import serving
from labops.blueprints.feeds.cache import ByteCache
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book, Move
from labops.domain.calendars import queries
from labops.domain.calendars import services as calendars
from labops.domain.machines.inventory import import_machines
from labops.domain.machines.services import DescribeMachine, describe
from labops.domain.people.models import Person
from labops.domain.sites.services import DescribeSite, describe_site
from labops.kernel import clock
from labops.kernel.db import db, reading, unit_of_work
from labops.logs import JsonLines
from tests.support.feeds import events_in, opened
from tests.support.forms import post
from tests.support.people import rename
from tests.support.world import World, next_slot


@pytest.fixture
def address(world: World) -> str:
    """Return the path of Alice's feed."""
    return opened(world, "alice", label="phone")


def booked(world: World, hour: float = 10, note: str = "") -> str:
    command = Book(machines=("laser",), slot=next_slot(hour), note=note)
    return services.book(command, actor=world.actor("alice"), now=clock.now())


def test_a_calendar_gets_its_owners_bookings(
    client: FlaskClient, world: World, address: str
) -> None:
    uid = booked(world, note="Ciao; è, già\nqui \\N")
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Disposition"] == 'inline; filename="labops.ics"'
    (one,) = events_in(answer.data)
    assert str(one["SUMMARY"]) == "Laser (MHUMA)"
    assert one["UID"].startswith(f"b-{uid}@")
    assert one["DTSTART"].dt == next_slot(10).starts_at
    assert one["DESCRIPTION"] == "Ciao; è, già\nqui \\N"
    assert one["URL"] == f"http://localhost/bookings/{uid}"


def test_nothing_changed_is_304_in_one_statement(
    app: Flask, client: FlaskClient, world: World, address: str
) -> None:
    booked(world)
    first = client.get(address)
    tag = first.headers["ETag"]
    seen: list[str] = []
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", _noting(seen))
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert len([s for s in seen if not s.startswith("BEGIN")]) == 1, seen
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == first.headers[name]
    assert client.get(address, headers={"If-None-Match": f'W/{tag}, "x"'}).status_code == 304
    assert client.get(address, headers={"If-None-Match": '"x"'}).status_code == 200
    assert client.get(address).data == first.data


def test_every_change_of_a_booking_changes_the_tag(
    client: FlaskClient, world: World, address: str
) -> None:
    tags = [client.get(address).headers["ETag"]]
    uid = booked(world)
    tags.append(client.get(address).headers["ETag"])
    move = Move(uid=uid, slot=next_slot(15))
    services.move(move, actor=world.actor("alice"), now=clock.now())
    moved = client.get(address)
    tags.append(moved.headers["ETag"])
    (one,) = events_in(moved.data)
    assert (one["SEQUENCE"], one["DTSTART"].dt) == (1, next_slot(15).starts_at)
    services.cancel(uid, actor=world.actor("alice"), now=clock.now())
    gone = client.get(address)
    tags.append(gone.headers["ETag"])
    (tombstone,) = events_in(gone.data)
    assert (tombstone["STATUS"], tombstone["SEQUENCE"]) == ("CANCELLED", 2)
    assert str(tombstone["SUMMARY"]) == "Cancelled: Laser (MHUMA)"
    assert len(set(tags)) == 4


def test_another_name_of_a_machine_a_site_or_the_owner_changes_the_tag(
    client: FlaskClient, world: World, address: str
) -> None:
    booked(world)
    shown = [client.get(address)]
    bob, eva = world.actor("bob"), world.actor("eva")
    unchanged = DescribeMachine(name="Laser", machine_type="laser", model="Speedy 300")
    describe("laser", unchanged, actor=bob, now=clock.now())
    assert client.get(address).headers["ETag"] == shown[0].headers["ETag"]
    renamed = DescribeMachine(name="Great laser", machine_type="laser")
    describe("laser", renamed, actor=bob, now=clock.now())
    shown.append(client.get(address))
    assert b"SUMMARY:Great laser (MHUMA)" in shown[-1].data
    site = DescribeSite(slug="mhuma", name="House of makers", address="via Nuova 2", city="Milano")
    describe_site(world.sites["mhuma"], site, actor=eva, now=clock.now())
    shown.append(client.get(address))
    assert b"SUMMARY:Great laser (House of makers)" in shown[-1].data
    lines = "name,slug,machine_type\nGreater laser,laser,laser\n"
    import_machines(lines, "mhuma", actor=bob, now=clock.now())
    shown.append(client.get(address))
    assert b"SUMMARY:Greater laser" in shown[-1].data
    rename(world, "alice", "Alice B.", now=clock.now())
    shown.append(client.get(address))
    assert b"Alice B." in shown[-1].data
    assert len({answer.headers["ETag"] for answer in shown}) == 5


def test_the_feed_speaks_its_owners_language(
    client: FlaskClient, world: World, address: str
) -> None:
    services.cancel(booked(world), actor=world.actor("alice"), now=clock.now())
    english = client.get(address, headers={"Accept-Language": "it"})
    assert "Cancelled: Laser" in english.text
    with unit_of_work() as session:
        person = session.scalars(select(Person).where(Person.id == world.people["alice"])).one()
        person.language = "it"
    italian = client.get(address, headers={"If-None-Match": english.headers["ETag"]})
    assert italian.status_code == 200


def test_head_has_the_same_headers_and_no_body(
    client: FlaskClient, world: World, address: str
) -> None:
    booked(world)
    whole, head = client.get(address), client.head(address)
    assert head.status_code == 200
    assert head.data == b""
    for name in ("ETag", "Content-Type", "Content-Length", "Cache-Control", "Vary"):
        assert head.headers[name] == whole.headers[name]
    assert client.head(address, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_gzip_has_its_own_tag(client: FlaskClient, world: World, address: str) -> None:
    booked(world)
    plain = client.get(address)
    zipped = client.get(address, headers={"Accept-Encoding": "gzip, br"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    assert client.get(address, headers={"Accept-Encoding": "gzip, br"}).data == zipped.data
    again = {"Accept-Encoding": "gzip", "If-None-Match": zipped.headers["ETag"]}
    assert client.get(address, headers=again).status_code == 304


def test_no_visitor_is_known_and_no_cookie_is_set(app: Flask, world: World, address: str) -> None:
    bob = world.browser(app, "bob")
    bob.get("/feeds")  # now there is a session cookie too
    answer = bob.get(address)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers["Vary"]
    assert "Set-Cookie" not in bob.get("/feeds/unknown.ics").headers


def test_unknown_and_revoked_answer_alike(app: Flask, world: World, address: str) -> None:
    client = app.test_client()
    feed = queries.of_person(reading(), world.people["alice"], now=clock.now())[0]
    calendars.revoke_feed(feed.uid, actor=world.actor("alice"), now=clock.now())
    revoked, unknown = client.get(address), client.get("/feeds/" + "x" * 43 + ".ics")
    assert revoked.status_code == unknown.status_code == 404
    assert revoked.data == unknown.data
    assert len(revoked.data) < 20
    assert _without_id(revoked) == _without_id(unknown)


def test_who_fetched_last_is_noted_once_an_hour(
    client: FlaskClient, world: World, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = clock.now()

    def noted() -> Any:
        reading().rollback()
        return queries.of_person(reading(), world.people["alice"], now=clock.now())[0]

    client.get(address, headers={"User-Agent": "Thunderbird/140"})
    assert (noted().polled_by, noted().polled_at >= started) == ("Thunderbird/140", True)
    client.get(address, headers={"User-Agent": "Other/1"})
    assert noted().polled_by == "Thunderbird/140"
    monkeypatch.setattr(clock, "now", lambda: started + timedelta(minutes=61))
    client.get(address, headers={"User-Agent": "Other/1"})
    assert noted().polled_by == "Other/1"


def test_the_secret_never_reaches_a_log(
    app: Flask, world: World, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = address.removeprefix("/feeds/").removesuffix(".ics")
    client = app.test_client()
    with _logged() as text:
        client.get(address)
        client.get(address + "/more")
        client.post(address)
        monkeypatch.setattr(serving, "_tag", _broken)
        assert client.get(address).status_code == 500
    assert "/feeds/" in text.getvalue(), "the access line must be there to prove anything"
    assert secret not in text.getvalue()


def test_the_page_shows_an_address_once(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    assert "No address yet" in alice.get("/feeds").text
    made = post(alice, "/feeds", "/feeds", {"scope": "me", "cancelled": "usual", "label": "phone"})
    assert made.headers["Cache-Control"] == "no-store"
    secret = re.search(r"http://localhost/feeds/([\w-]+)\.ics", made.text)
    assert secret
    assert f"webcal://localhost/feeds/{secret[1]}.ics" in made.text
    assert "<svg" in made.text
    assert app.test_client().get(f"/feeds/{secret[1]}.ics").status_code == 200
    page = alice.get("/feeds").text
    assert secret[1] not in page
    assert "phone" in page
    feed = queries.of_person(reading(), world.people["alice"], now=clock.now())[0]
    bob = world.browser(app, "bob")
    assert post(bob, "/feeds", f"/feeds/{feed.uid}/revoke").status_code == 404
    assert post(alice, "/feeds", f"/feeds/{feed.uid}/revoke").status_code == 303
    assert app.test_client().get(f"/feeds/{secret[1]}.ics").status_code == 404


def test_there_is_a_most_of_addresses(app: Flask, world: World) -> None:
    for _number in range(calendars.MOST_FEEDS):
        calendars.open_feed(actor=world.actor("alice"), now=clock.now())
    answer = post(
        world.browser(app, "alice"),
        "/feeds",
        "/feeds",
        {"scope": "me", "cancelled": "usual", "label": "one more"},
    )
    assert answer.status_code == 422
    assert "You have 20 calendar addresses." in answer.text
    assert 'value="one more"' in answer.text


def test_the_memory_of_bodies_is_bounded() -> None:
    cache = ByteCache(10)
    for number in range(100):
        cache.put(number, b"1234")
    assert len(cache) == 2
    assert cache.get(99) == b"1234"
    assert cache.get(0) is None
    cache.put("large", b"x" * 11)
    assert cache.get("large") is None
    cache.put(99, b"12")
    cache.put(100, b"1234")
    assert len(cache) == 3


def _without_id(answer: Any) -> list[tuple[str, str]]:
    return [pair for pair in answer.headers if pair[0] != "X-Request-ID"]


def _noting(seen: list[str]) -> Any:
    return lambda _connection, _cursor, statement, *_: seen.append(statement)


def _broken(*_: Any) -> str:
    raise RuntimeError("broken on purpose")


class _logged:
    """Everything that is logged, written as the application writes it."""

    def __enter__(self) -> io.StringIO:
        self.text = io.StringIO()
        self.handler = logging.StreamHandler(self.text)
        self.handler.setFormatter(JsonLines())
        self.level = logging.getLogger().level
        logging.getLogger().addHandler(self.handler)
        logging.getLogger().setLevel(logging.INFO)
        return self.text

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self.handler)
        logging.getLogger().setLevel(self.level)


@pytest.fixture(autouse=True)
def _empty_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(serving, "_bodies", ByteCache(1_000_000))
    yield
