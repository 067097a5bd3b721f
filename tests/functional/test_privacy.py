"""One's own data, what one agrees to, who looked, and how long things are kept."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import func, select, update

from labops.adapters.jobs import run_job
from labops.blueprints.privacy.words import TABLES
from labops.domain.bookings import queries as bookings
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.people.models import Person
from labops.domain.privacy import holding, queries, retention
from labops.domain.privacy.models import Look
from labops.domain.privacy.purposes import Purpose
from labops.kernel import clock
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from tests.support.forms import post
from tests.support.world import World, next_slot

MINE = "/profile/data"


def book(world: World, who: str, hour: float, note: str = "") -> str:
    command = Book(machines=("laser",), slot=next_slot(hour), note=note)
    return services.book(command, actor=world.actor(who, clock.now()), now=clock.now())


def held(world: World, who: str) -> dict[str, list[dict[str, Any]]]:
    return holding.held(reading(), world.people[who])


def test_every_table_about_people_has_a_name() -> None:
    names = {table.name for table in holding.tables_about_people()}
    assert names == set(TABLES)


def test_everything_of_hers_and_nothing_of_others_is_downloaded(app: Flask, world: World) -> None:
    own = book(world, "alice", 10, "A gift for Charlie")
    others = book(world, "bob", 12, "Not hers to read")
    answer = world.browser(app, "alice").get(f"{MINE}.zip")
    assert answer.headers["Cache-Control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    text = archive.read("data.json").decode()
    data = json.loads(text)
    assert [row["uid"] for row in data["booking"]] == [own]
    assert data["person"][0]["name"] == "Alice"
    assert data["certification"]
    assert data["sign_in"]
    assert "A gift for Charlie" in text
    assert "Not hers to read" not in text
    assert others not in text
    events = Calendar.from_ical(archive.read("bookings.ics")).walk("VEVENT")
    assert [str(event["uid"]).partition("@")[0] for event in events] == [own]


def test_no_secret_and_nobody_else_is_in_it(world: World) -> None:
    world.token("alice")
    for rows in held(world, "alice").values():
        for row in rows:
            assert not [name for name in row if name.endswith(("digest", "hash", "secret"))]
    written = [row for row in held(world, "bob")["audit_entry"] if "before" in row]
    assert {row["subject"] for row in written} <= {f"person:{world.uids['bob']}"}


def test_consent_is_given_and_taken_back_and_its_history_stays(app: Flask, world: World) -> None:
    browser, alice = world.browser(app, "alice"), world.people["alice"]
    url = "/profile/consents"
    for chosen in (["photos", "news"], ["news"], ["news"], []):
        assert post(browser, MINE, url, {"purpose": chosen}).status_code == 303
        for purpose in Purpose:
            assert queries.agrees(reading(), alice, purpose) == (purpose.value in chosen)
            reading().rollback()
    rows = held(world, "alice")["consent"]
    assert [(row["purpose"], row["given"]) for row in rows] == [
        ("photos", True),
        ("news", True),
        ("photos", False),
        ("news", False),
    ]
    assert post(browser, MINE, url, {"purpose": "no-such"}).status_code == 303


def test_looks_at_a_minors_page_are_written_down_once_a_day(app: Flask, world: World) -> None:
    url = f"/people/{world.uids['charlie']}"
    staff, charlie = world.browser(app, "bob"), world.browser(app, "charlie")
    assert staff.get(url).status_code == 200
    assert looks(world, "charlie") == 0
    with unit_of_work() as session:
        born = date(clock.now().year - 15, 1, 1)
        session.execute(
            update(Person).where(Person.id == world.people["charlie"]).values(born_on=born)
        )
    for _ in range(2):
        assert staff.get(url).status_code == 200
    assert looks(world, "charlie") == 1
    assert "Bob" in charlie.get(MINE).text
    with unit_of_work() as session:
        session.execute(update(Look).values(looked_on=clock.now().date() - timedelta(days=1)))
    staff.get(url)
    assert looks(world, "charlie") == 2


def looks(world: World, who: str) -> int:
    reading().rollback()
    query = select(func.count()).select_from(Look).where(Look.person_id == world.people[who])
    return reading().scalar(query) or 0


def test_old_bookings_lose_their_person_and_keep_their_time(world: World) -> None:
    alice = world.people["alice"]
    old, kept = book(world, "alice", 10, "old"), book(world, "alice", 14, "kept")
    services.cancel(old, actor=world.actor("alice", clock.now()), now=clock.now())
    services.cancel(kept, actor=world.actor("alice", clock.now()), now=clock.now())
    later = next_slot(10).ends_at + timedelta(days=730, hours=1)
    before = reading().scalar(select(Booking.starts_at).where(Booking.uid == old))
    reading().rollback()
    assert "1 bookings" in run_job("enforce-retention", now=later, dry_run=True)
    assert owner(old) == alice
    for _ in range(2):
        run_job("enforce-retention", now=later)
    gone, left = (
        reading().scalars(select(Booking).where(Booking.uid == uid)).one() for uid in (old, kept)
    )
    assert gone.person_id != alice
    assert (gone.note, gone.fields, gone.starts_at) == ("", {}, before)
    assert (left.person_id, left.note) == (alice, "kept")
    actor = world.actor("alice", clock.now())
    search = bookings.OwnSearch(person_id=alice, now=clock.now())
    assert [one.uid for one in bookings.own(reading(), search, actor)[0]] == [kept]


def owner(uid: str) -> int | None:
    return reading().scalar(select(Booking.person_id).where(Booking.uid == uid))


def test_the_audit_forgets_who_but_not_what(world: World) -> None:
    book(world, "alice", 10)
    entries = select(AuditEntry).order_by(AuditEntry.id)
    before = [(entry.at, entry.action, entry.subject) for entry in reading().scalars(entries)]
    reading().rollback()
    retention.enforce(now=clock.now() + timedelta(days=731))
    after = list(reading().scalars(entries))
    assert [(entry.at, entry.action, entry.subject) for entry in after] == before
    assert not [entry for entry in after if entry.person_id is not None]
    assert not [entry for entry in after if entry.after and entry.actor != "system"]


@pytest.mark.parametrize(
    ("days", "status", "kept"),
    [("365", 303, 365), ("3651", 422, 730), ("89", 422, 730), ("", 422, 730), ("x", 422, 730)],
)
def test_periods_are_decided_within_limits(
    app: Flask, world: World, days: str, status: int, kept: int
) -> None:
    browser = world.browser(app, "eva")
    form = {"bookings": days, "audit": "730", "looks": "730", "tokens": "365"}
    answer = post(browser, "/retention", "/retention", form)
    assert answer.status_code == status
    reading().rollback()
    assert retention.periods(reading())["bookings"] == kept
    if status == 422:
        assert re.search(rf'name="bookings"[^>]*value="{days}"', answer.text)


def test_only_whoever_answers_for_it_decides_periods(app: Flask, world: World) -> None:
    for who, status in (("bob", 403), ("alice", 403), ("eva", 200)):
        assert world.browser(app, who).get("/retention").status_code == status
