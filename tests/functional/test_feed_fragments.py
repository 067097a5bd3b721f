"""What feeds keep ready: made once, never served when stale, dropped in the end."""

from __future__ import annotations

import contextvars
import threading
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from sqlalchemy import func, insert, select, update

from labops.adapters import ical
from labops.adapters.jobs import run_job
from labops.blueprints.feeds import making, serving
from labops.blueprints.feeds.cache import ByteCache
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.calendars import contents, queries
from labops.domain.calendars.models import FeedFragment
from labops.domain.people.models import Person
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.instance import instance_id
from tests.support.feed_readers import judge
from tests.support.feeds import fetched, opened
from tests.support.people import rename
from tests.support.world import World, next_slot
from tests.unit.adapters.feed_samples import HOSTILE

ROME = ZoneInfo("Europe/Rome")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the uids of events that are written anew from here on, in order."""
    uids: list[str] = []

    def noting(event: ical.FeedEvent, *, instance_id: str) -> bytes:
        uids.append(event.uid)
        return ical.event_bytes(event, instance_id=instance_id)

    monkeypatch.setattr(making, "event_bytes", noting)
    return uids


@pytest.fixture(autouse=True)
def _empty_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_bodies(monkeypatch)


def forget_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be like another process: what was kept in memory is not there."""
    monkeypatch.setattr(serving, "_bodies", ByteCache(1_000_000))


def booked(world: World, who: str, machine: str, hour: float) -> str:
    now = clock.now()
    command = Book(machines=(machine,), slot=next_slot(hour))
    return services.book(command, actor=world.actor(who, now), now=now)


def add_bookings(world: World, notes: list[str], *, apart: timedelta = timedelta(hours=2)) -> None:
    """Write past bookings of Alice's, an hour each, straight into the tables."""
    first = clock.now().replace(microsecond=123_456) - timedelta(days=30)
    with unit_of_work() as session:
        for number, note in enumerate(notes):
            starts_at = first + number * apart
            row = {
                "uid": f"{number:032x}",
                "person_id": world.people["alice"],
                "site_id": world.sites["mhuma"],
                "starts_at": starts_at,
                "ends_at": starts_at + timedelta(hours=1),
                "state": "finished",
                "note": note,
                "override_reason": "",
                "check_in_by": starts_at,
                "created_at": starts_at - timedelta(days=1),
                "revised_at": starts_at,
                "sequence": number % 3,
                "rules_revision": 0,
                "decision_reason": "",
            }
            number_of = session.scalar(insert(Booking).values(**row).returning(Booking.id))
            pair = {"booking_id": number_of, "bookable_id": world.machines["laser"]}
            session.execute(insert(BookingBookable).values(**pair))


def kept() -> int:
    reading().rollback()
    return reading().scalar(select(func.count()).select_from(FeedFragment)) or 0


def test_a_booking_is_written_once_until_it_changes(
    client: FlaskClient, world: World, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uids = [booked(world, "alice", "laser", 9), booked(world, "alice", "printer", 11)]
    path = opened(world, "alice")
    first = client.get(path)
    assert sorted(made) == sorted(f"b-{uid}" for uid in uids)
    made.clear()
    forget_bodies(monkeypatch)
    assert client.get(path).data == first.data
    assert made == []
    assert client.get(opened(world, "alice")).data == first.data  # another device, the same texts
    assert made == []
    services.cancel(uids[1], actor=world.actor("alice"), now=clock.now())
    assert client.get(path).data != first.data
    assert made == [f"b-{uids[1]}"]
    made.clear()
    client.get(opened(world, "charlie", "site:mhuma"))
    assert len(made) == 1  # the other is cancelled: not for strangers
    client.get(opened(world, "charlie", "machine:laser"))
    client.get(opened(world, "nina", "inductions"))
    assert len(made) == 1
    assert kept() == 3


def test_a_name_is_never_told_once_it_is_another(
    client: FlaskClient, world: World, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    booked(world, "charlie", "printer", 9)
    path = opened(world, "bob", "site:mhuma", names=True)
    assert b"Charlie: Printer" in client.get(path).data
    rename(world, "charlie", "Charles", now=clock.now())
    forget_bodies(monkeypatch)
    assert b"Charles: Printer" in client.get(path).data
    assert len(made) == 2


def test_what_is_served_is_what_the_library_writes(
    app: Flask, client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The texts in the database, joined by the database, are the library's whole calendar."""
    add_bookings(world, [text.replace("\x00", "")[:500] for text in _storable(HOSTILE)] * 3)
    path = opened(world, "alice")
    cold = client.get(path).data
    forget_bodies(monkeypatch)
    warm = client.get(path).data
    session, now = reading(), clock.now()
    feed = queries.live_feed(session, path[len("/feeds/") : -len(".ics")], now=now)
    assert feed is not None
    words = queries.words(session, feed.words_revision)
    with app.test_request_context(), force_locale(feed.language):
        lines = contents.lines(session, feed, language="en", stamp="", now=now)
        order = {line.booking_id: place for place, line in enumerate(lines)}
        bookings = sorted(
            contents.bookings_of(session, lines, words), key=lambda one: order[one.id]
        )
        name, instance = making.name_of(feed), instance_id(session)
        whole = ical._library_calendar(name=name, description="")
        for booking in bookings:
            whole.add_component(ical._library_event(making.event_of(booking), instance_id=instance))
    assert len(lines) == 3 * len(_storable(HOSTILE))
    assert cold == warm == whole.to_ical()
    judge(warm, events=len(lines))


def test_the_oldest_give_way_to_the_limit(client: FlaskClient, world: World) -> None:
    add_bookings(world, [""] * 2_003, apart=timedelta(minutes=20))
    found = fetched(client, opened(world, "alice"))
    assert len(found) == 2_000
    uids = [str(event["UID"]).split("@")[0] for event in found]
    assert uids == [f"b-{number:032x}" for number in range(3, 2_003)]


def test_a_cold_feed_is_made_once_however_many_ask(
    app: Flask, world: World, made: list[str]
) -> None:
    add_bookings(world, [""] * 40)
    path = opened(world, "alice")
    reading().rollback()
    bodies, surprises, together = [], [], threading.Barrier(6)

    def ask() -> None:
        try:
            together.wait(timeout=30)
            bodies.append(app.test_client().get(path).data)
        except Exception as error:
            surprises.append(error)

    # A thread begins in a context of its own: nothing of the test's is seen there.
    threads = [threading.Thread(target=contextvars.Context().run, args=(ask,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert surprises == []
    assert len(bodies) == 6
    assert len(set(bodies)) == 1
    assert len(made) == 40


def test_the_job_drops_what_no_feed_can_show(client: FlaskClient, world: World) -> None:
    changed = booked(world, "alice", "laser", 9)
    booked(world, "alice", "printer", 11)
    booked(world, "charlie", "benches", 11)
    client.get(opened(world, "alice"))
    client.get(opened(world, "bob", "site:mhuma", names=True))
    assert kept() == 5

    def dropped(now: datetime) -> str:
        reading().rollback()
        return run_job("forget-old", now=now).split(", ")[-1].split(" and ")[-1]

    now = clock.now()
    assert dropped(now) == "0 feed fragments dropped"
    services.cancel(changed, actor=world.actor("alice"), now=now)
    assert dropped(now) == "2 feed fragments dropped"
    with unit_of_work() as session:
        charlie = Person.id == world.people["charlie"]
        session.execute(update(Person).where(charlie).values(name="Charles"))
    assert dropped(now) == "1 feed fragments dropped"
    assert dropped(now + timedelta(days=62)) == "0 feed fragments dropped"
    assert dropped(now + timedelta(days=64)) == "2 feed fragments dropped"
    assert kept() == 0


@pytest.mark.parametrize("day", [datetime(2026, 10, 25), datetime(2027, 3, 28)])
def test_the_nights_when_the_clocks_change(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch, day: datetime
) -> None:
    """Each hour of the weekend, an event; the night has 25 hours, or 23, and none is doubled."""
    monkeypatch.setattr(clock, "now", lambda: day.replace(tzinfo=ROME) - timedelta(days=2))
    first = day.replace(tzinfo=ROME).astimezone(ZoneInfo("UTC"))
    last = (day + timedelta(days=1)).replace(tzinfo=ROME).astimezone(ZoneInfo("UTC"))
    hours = int((last - first) / timedelta(hours=1))
    assert hours == (25 if day.month == 10 else 23)
    path = opened(world, "alice")
    add_bookings(world, [""] * hours, apart=timedelta(hours=1))
    with unit_of_work() as session:
        for number, row in enumerate(session.scalars(select(Booking).order_by(Booking.id))):
            row.starts_at = first + timedelta(hours=number)
            row.ends_at = row.starts_at + timedelta(hours=1)
            row.state = "confirmed"
    answer = client.get(path)
    judge(answer.data, events=hours)
    assert b"TZID" not in answer.data
    found = fetched(client, path)
    starts = [event["DTSTART"].dt for event in found]
    assert starts == [first + timedelta(hours=number) for number in range(hours)]
    assert [event["DTEND"].dt for event in found] == [*starts[1:], last]
    local = [start.astimezone(ROME).hour for start in starts]
    assert local.count(2) == (2 if hours == 25 else 0)


def _storable(texts: tuple[str, ...]) -> list[Any]:
    """Return the texts as a form would store them: UTF-8, without the sign no database takes."""
    return [text.encode("utf-8", "ignore").decode().replace("\x00", "") for text in texts]
