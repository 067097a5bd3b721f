"""Feeds of machines, sites and inductions: who may follow what, and how much is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from labops.blueprints.feeds import serving
from labops.blueprints.feeds.cache import ByteCache
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.bookings.states import BookingState
from labops.domain.calendars import sources
from labops.domain.calendars.scopes import FeedKind
from labops.domain.memberships.services import end_membership, make_member
from labops.domain.people.models import Account, Person, RoleGrant
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound
from tests.support.feeds import events_in, fetched, opened
from tests.support.forms import post
from tests.support.people import rename
from tests.support.world import World, next_slot

SECRETS = (b"Charlie", b"plywood for the fair", b"/bookings/")


@pytest.fixture(autouse=True)
def _empty_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_bodies", ByteCache(1_000_000))


def booked(world: World, who: str, machine: str, hour: float, note: str = "") -> str:
    now = clock.now()
    command = Book(machines=(machine,), slot=next_slot(hour), note=note)
    return services.book(command, actor=world.actor(who, now), now=now)


@pytest.fixture
def three(world: World) -> dict[str, str]:
    """Return bookings by name: Alice's on laser and printer, Charlie's on the printer."""
    return {
        "hers": booked(world, "alice", "laser", 9),
        "also hers": booked(world, "alice", "printer", 10),
        "his": booked(world, "charlie", "printer", 12, note="plywood for the fair"),
    }


def summaries(client: FlaskClient, path: str) -> list[str]:
    return [str(event["SUMMARY"]) for event in fetched(client, path)]


def test_others_are_busy_and_nothing_leads_to_them(
    client: FlaskClient, world: World, three: dict[str, str]
) -> None:
    machine, site = opened(world, "alice", "machine:printer"), opened(world, "alice", "site:mhuma")
    assert summaries(client, machine) == ["Printer (MHUMA)", "Busy: Printer"]
    assert summaries(client, site) == ["Laser (MHUMA)", "Printer (MHUMA)", "Busy: Printer"]
    for path in (machine, site):
        own, busy = fetched(client, path)[-2:]
        assert own["UID"].startswith(f"b-{three['also hers']}@")
        assert (own["CLASS"], busy["CLASS"]) == ("PRIVATE", "PUBLIC")
        assert {"URL", "LOCATION", "DESCRIPTION"} & set(busy) == set()
        body = client.get(path).data
        assert three["his"].encode() not in body
        assert body.count(b"/bookings/") == len(fetched(client, path)) - 1
        assert b"Charlie" not in body
        assert b"plywood" not in body
    # The same booking is the same event in every feed that shows it as busy.
    uids = {str(fetched(client, path)[-1]["UID"]) for path in (machine, site)}
    assert len(uids) == 1


def test_staff_see_names_only_where_they_asked_and_only_while_they_may(
    client: FlaskClient, world: World, three: dict[str, str]
) -> None:
    path = opened(world, "bob", "machine:printer", names=True)
    plain = opened(world, "bob", "machine:printer")
    assert summaries(client, path) == ["Alice: Printer (MHUMA)", "Charlie: Printer (MHUMA)"]
    assert summaries(client, plain) == ["Busy: Printer", "Busy: Printer"]
    his = fetched(client, path)[-1]
    assert his["DESCRIPTION"] == "plywood for the fair"
    assert his["URL"] == f"http://localhost/bookings/{three['his']}"
    tag = client.get(path).headers["ETag"]
    rename(world, "charlie", "Charles", now=clock.now())
    renamed = client.get(path, headers={"If-None-Match": tag})
    assert renamed.status_code == 200
    assert b"Charles: Printer" in renamed.data
    now = clock.now()
    make_member(
        world.uids["bob"],
        world.sites["mhuma"],
        starts_on=now.date() - timedelta(days=1),
        ends_on=None,
        actor=world.actor("eva"),
        now=now,
    )
    with unit_of_work() as session:
        session.execute(delete(RoleGrant).where(RoleGrant.person_id == world.people["bob"]))
    stripped = client.get(path, headers={"If-None-Match": renamed.headers["ETag"]})
    assert stripped.status_code == 200
    assert all(secret not in stripped.data for secret in (*SECRETS, b"Charles"))


def test_who_is_suspended_sees_no_names(
    client: FlaskClient, world: World, three: dict[str, str]
) -> None:
    path = opened(world, "eva", "site:mhuma", names=True)
    assert b"Charlie: " in client.get(path).data
    _suspend(world, "eva")
    assert client.get(path).status_code == 404  # no membership, and the role is asleep


def test_names_are_refused_to_whoever_may_not_see_them(world: World) -> None:
    for who, scope in (("alice", "site:mhuma"), ("alice", "machine:laser"), ("bob", "me")):
        with pytest.raises(Forbidden):
            opened(world, who, scope, names=True)
    with pytest.raises(Invalid):
        opened(world, "dora", "site:mhuma", names=True)


# Who may have a feed of what: at MHUMA alice and charlie are members, bob works there.
MAY_FOLLOW = {
    "me": {"alice", "bob", "charlie", "dora", "eva", "sam", "nina"},
    "inductions": {"alice", "bob", "charlie", "dora", "eva", "sam", "nina"},
    "machine:laser": {"alice", "bob", "charlie", "eva", "sam"},
    "site:mhuma": {"alice", "bob", "charlie", "eva", "sam"},
    "machine:laser-scl": {"dora", "eva"},
    "site:smart-city-lab": {"dora", "eva"},
}


def test_who_may_follow_what(client: FlaskClient, app: Flask, world: World) -> None:
    for who in world.people:
        page = world.browser(app, who).get("/feeds").text
        for scope, allowed in MAY_FOLLOW.items():
            assert (f'value="{scope}"' in page) == (who in allowed), (who, scope)
            if who in allowed:
                assert client.get(opened(world, who, scope)).status_code == 200
                continue
            with pytest.raises(Invalid):
                opened(world, who, scope)
            data = {"scope": scope, "cancelled": "usual"}
            answer = post(world.browser(app, who), "/feeds", "/feeds", data)
            assert answer.status_code == 422, (who, scope)
    for scope in ("machine:nothing", "site:nothing"):
        with pytest.raises(NotFound):
            opened(world, "eva", scope)
    for scope in ("everything", "me:laser", "machine", "machine:", "site:"):
        with pytest.raises(Invalid):
            opened(world, "eva", scope)


def test_who_leaves_a_site_loses_its_feeds_at_once(client: FlaskClient, world: World) -> None:
    mine = opened(world, "alice")
    places = [opened(world, "alice", scope) for scope in ("machine:laser", "site:mhuma")]
    inductions = opened(world, "alice", "inductions")
    tags = [client.get(path).headers["ETag"] for path in places]
    now, eva = clock.now(), world.actor("eva")
    today = now.astimezone(ZoneInfo("Europe/Rome")).date()
    end_membership(world.uids["alice"], world.sites["mhuma"], actor=eva, now=now)
    unknown = client.get("/feeds/" + "x" * 43 + ".ics")
    for path, tag in zip(places, tags, strict=True):
        for headers in ({}, {"If-None-Match": tag}):
            gone = client.get(path, headers=headers)
            assert (gone.status_code, gone.data) == (404, unknown.data)
    # Her own bookings stay hers, and everybody may know when one can learn.
    assert client.get(mine).status_code == client.get(inductions).status_code == 200
    _member(world, "alice", today, today + timedelta(days=30))
    assert [client.get(path).status_code for path in places] == [200, 200]
    for first, last in ((1, 30), (-30, -2)):
        _member(world, "alice", today + timedelta(days=first), today + timedelta(days=last))
        assert [client.get(path).status_code for path in places] == [404, 404]


def test_no_feed_outlives_the_account(client: FlaskClient, world: World) -> None:
    paths = [opened(world, "alice", scope) for scope in ("me", "site:mhuma", "inductions")]
    with unit_of_work() as session:
        session.execute(
            update(Account)
            .where(Account.person_id == world.people["alice"])
            .values(email_confirmed_at=None)
        )
    assert [client.get(path).status_code for path in paths] == [404] * 3
    with unit_of_work() as session:
        session.execute(delete(Account).where(Account.person_id == world.people["alice"]))
    assert [client.get(path).status_code for path in paths] == [404] * 3


def test_a_change_on_the_machine_changes_its_tag_and_no_other(
    client: FlaskClient, world: World, three: dict[str, str]
) -> None:
    printer, laser, site = (
        opened(world, "alice", scope)
        for scope in ("machine:printer", "machine:laser", "site:mhuma")
    )
    before = {path: client.get(path).headers["ETag"] for path in (printer, laser, site)}
    services.cancel(three["his"], actor=world.actor("charlie"), now=clock.now())
    answers = {
        path: client.get(path, headers={"If-None-Match": tag}) for path, tag in before.items()
    }
    assert [answers[path].status_code for path in (printer, laser, site)] == [200, 304, 200]
    # Cancelled bookings are only in the way of others, unless one wants to see them.
    assert summaries(client, printer) == ["Printer (MHUMA)"]
    shown = opened(world, "alice", "machine:printer", show_cancelled=True)
    assert summaries(client, shown) == ["Printer (MHUMA)", "Cancelled: Printer (MHUMA)"]
    tomb = fetched(client, shown)[-1]
    assert (tomb["STATUS"], tomb["TRANSP"], tomb["SEQUENCE"]) == ("CANCELLED", "TRANSPARENT", 1)
    assert {"URL", "LOCATION", "DESCRIPTION"} & set(tomb) == set()
    assert len(summaries(client, opened(world, "alice", "site:mhuma", show_cancelled=True))) == 3


@pytest.mark.parametrize("state", [BookingState.CANCELLED, BookingState.MISSED])
def test_what_was_given_up_stays_for_thirty_days(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch, state: BookingState
) -> None:
    uid, path = booked(world, "alice", "laser", 9), opened(world, "alice")
    without = opened(world, "alice", show_cancelled=False)
    _put(uid, state=state, sequence=1, revised_at=clock.now())
    assert [event["STATUS"] for event in fetched(client, path)] == ["CANCELLED"]
    assert fetched(client, without) == []
    ends_at = next_slot(9).ends_at
    for days, there in ((30, True), (31, False)):
        monkeypatch.setattr(clock, "now", lambda days=days: ends_at + timedelta(days=days))
        assert bool(fetched(client, path)) is there, days
    # Given up long after it was over: from then on it counts.
    _put(uid, revised_at=clock.now())
    assert len(fetched(client, path)) == 1


def test_a_requested_booking_is_tentative(client: FlaskClient, world: World) -> None:
    uid = booked(world, "alice", "laser", 9)
    paths = [opened(world, "alice"), opened(world, "charlie", "machine:laser")]
    _put(uid, state=BookingState.REQUESTED)
    for path in paths:
        (one,) = fetched(client, path)
        assert (one["STATUS"], one["TRANSP"]) == ("TENTATIVE", "OPAQUE")


def test_the_window_has_its_caps(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid, path = booked(world, "alice", "laser", 9), opened(world, "alice")
    site = opened(world, "alice", "site:mhuma")
    _put(uid, state=BookingState.FINISHED)
    for days, there in ((-399, True), (-400, False), (60, True), (61, False)):
        at = next_slot(9).ends_at + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        if days > 0:  # so long ago nobody was a member
            assert bool(fetched(client, site)) is there, days
        assert bool(fetched(client, path)) is there, days
        monkeypatch.undo()
        monkeypatch.setattr(serving, "_bodies", ByteCache(1_000_000))


def test_inductions_are_an_empty_calendar_until_one_is_planned(
    client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = opened(world, "nina", "inductions")
    empty = client.get(path)
    assert events_in(empty.data) == []
    assert _name(empty.data) == "Inductions"
    slot, asked = next_slot(9), []

    def taught(_session: Any, wanted: sources.Asked) -> Iterator[sources.PlannedEvent]:
        asked.append(wanted)
        yield sources.PlannedEvent(
            uid="i-1",
            sequence=0,
            created_at=slot.starts_at - timedelta(days=9),
            revised_at=slot.starts_at - timedelta(days=9),
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            state="confirmed",
            summary="Laser, first steps",
            path="/inductions/1",
        )

    plugged = {**sources.SOURCES, FeedKind.INDUCTIONS: (lambda *args: list(taught(*args)),)}
    monkeypatch.setattr(sources, "SOURCES", plugged)
    full = client.get(path, headers={"If-None-Match": empty.headers["ETag"]})
    (one,) = events_in(full.data)
    assert (str(one["SUMMARY"]), one["DTSTART"].dt) == ("Laser, first steps", slot.starts_at)
    assert one["URL"] == "http://localhost/inductions/1"
    assert asked[0].person_id == world.people["nina"]
    assert asked[0].window.starts_at < slot.starts_at < asked[0].window.ends_at


def test_each_speaks_its_owners_language(
    client: FlaskClient, world: World, three: dict[str, str]
) -> None:
    paths = {scope: opened(world, "alice", scope) for scope in ("machine:printer", "inductions")}
    assert "Busy: Printer" in client.get(paths["machine:printer"]).text
    with unit_of_work() as session:
        alice = session.get_one(Person, world.people["alice"])
        alice.language = "it"
    assert summaries(client, paths["machine:printer"]) == ["Printer (MHUMA)", "Occupato: Printer"]
    assert _name(client.get(paths["inductions"]).data) == "Corsi di abilitazione"
    # Charlie reads English, and both texts are kept side by side.
    his = opened(world, "charlie", "machine:printer")
    assert summaries(client, his) == ["Busy: Printer", "Printer (MHUMA)"]


def test_the_places_offer_their_feeds(app: Flask, world: World) -> None:
    alice, nina = world.browser(app, "alice"), world.browser(app, "nina")
    for page, scope in (("/machines/laser", "machine:laser"), ("/sites/mhuma", "site:mhuma")):
        assert f'href="/feeds?scope={scope}"' in alice.get(page).text
        offered = alice.get(f"/feeds?scope={scope}").text
        assert f'<option selected value="{scope}"' in offered
        assert "Only members and staff of this site" not in offered
        assert "Only members and staff of this site" in nina.get(f"/feeds?scope={scope}").text
    names = 'name="names"'
    assert names not in alice.get("/feeds").text
    bob = world.browser(app, "bob")
    assert names in bob.get("/feeds").text
    data = {"scope": "site:mhuma", "cancelled": "hidden", "names": "y", "label": "desk"}
    made = post(bob, "/feeds", "/feeds", data)
    assert "MHUMA" in made.text
    assert "with names" in bob.get("/feeds").text
    wrong = {**data, "scope": "me"}
    assert post(bob, "/feeds", "/feeds", wrong).status_code == 403


def test_a_silent_feed_says_so_on_its_owners_page(app: Flask, world: World) -> None:
    opened(world, "alice", "site:mhuma")
    alice = world.browser(app, "alice")
    assert "Silent" not in alice.get("/feeds").text
    end_membership(
        world.uids["alice"], world.sites["mhuma"], actor=world.actor("eva"), now=clock.now()
    )
    assert "Silent: you do not belong to this site at present." in alice.get("/feeds").text


def _name(body: bytes) -> str:
    return str(icalendar.Calendar.from_ical(body)["X-WR-CALNAME"])


def _put(uid: str, **values: Any) -> None:
    with unit_of_work() as session:
        booking = session.scalars(select(Booking).where(Booking.uid == uid)).one()
        for name, value in values.items():
            setattr(booking, name, value)
        person = session.get_one(Person, booking.person_id)
        person.bookings_revision += 1


def _member(world: World, who: str, starts_on: date, ends_on: date) -> None:
    make_member(
        world.uids[who],
        world.sites["mhuma"],
        starts_on=starts_on,
        ends_on=ends_on,
        actor=world.actor("eva"),
        now=clock.now(),
    )


def _suspend(world: World, who: str) -> None:
    with unit_of_work() as session:
        person = session.get_one(Person, world.people[who])
        person.suspended_until = clock.now() + timedelta(days=9)
    reading().rollback()
