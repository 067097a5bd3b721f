"""Maintenance in the browser: planning it, and deciding about what is in its way."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.machines.services import DescribeMachine, add_machine, set_state
from labops.domain.machines.states import MachineState
from labops.domain.maintenance.models import MaintenanceBlock
from labops.kernel import clock
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.hits import chosen, shown_hits
from tests.support.world import NOW, World, at, slot

SITE = "/sites/mhuma"
NEW = f"{SITE}/maintenance/new"


@pytest.fixture(autouse=True)
def _at_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be Monday morning, with a second laser of which people may have one, too."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with unit_of_work() as session:
        second = DescribeMachine(
            name="Laser Two", slug="laser-two", machine_type="laser", cleanup_minutes=15
        )
        add_machine(session, world.sites["mhuma"], second, actor=SYSTEM, now=NOW)


def book(world: World, who: str, start: float, end: float, machine: str = "printer") -> str:
    command = Book(machines=(machine,), slot=slot(start, end))
    return services.book(command, actor=world.actor(who), now=NOW)


def booking(uid: str) -> Booking:
    reading().rollback()  # what the browser's web requests wrote is seen only afterwards
    query = select(Booking).where(Booking.uid == uid)
    return reading().scalars(query.execution_options(populate_existing=True)).one()


def blocks() -> list[MaintenanceBlock]:
    reading().rollback()
    return list(reading().scalars(select(MaintenanceBlock)))


def form(machine: str = "printer", **changes: str) -> dict[str, Any]:
    return {
        "starts_at": "2026-11-24T10:00",
        "ends_at": "2026-11-24T12:00",
        "machines": machine,
        "space": "",
        "reason": "New nozzle",
        "note": "Ask for the old one.",
    } | changes


def test_bookings_in_the_way_are_shown_and_decided_together(app: Flask, world: World) -> None:
    moved, cancelled = book(world, "alice", 10, 11), book(world, "charlie", 11, 12)
    bob = world.browser(app, "bob")
    asked = post(bob, NEW, NEW, form())
    assert asked.status_code == 200
    assert "2 bookings are in the way." in asked.text
    assert "Alice, Tue 24 Nov, 10:00–11:00" in asked.text
    assert blocks() == []  # nothing has happened yet
    hits = shown_hits(asked.text)
    # The nearest free hour comes first, and nobody is suggested what another one is.
    assert hits[moved]["Move it to Tue 24 Nov, 09:00–10:00"] == hits[moved]["chosen"]
    assert hits[cancelled]["Move it to Tue 24 Nov, 12:00–13:00"] == hits[cancelled]["chosen"]

    data = form() | chosen(asked.text, {cancelled: "cancel"})
    done = post(bob, NEW, NEW, data, follow_redirects=True)
    assert "One booking was moved. One booking was cancelled." in done.text
    assert "New nozzle" in done.text
    assert booking(moved).starts_at == at(9)
    assert booking(cancelled).state == "cancelled"
    assert not booking(cancelled).cancelled_late
    (block,) = blocks()
    assert (block.starts_at, block.ends_at) == (at(10), at(12))
    facts = reading().scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    of_staff = {
        fact.payload["booking_uid"]: (fact.kind, fact.payload["cause"], fact.payload["reason"])
        for fact in facts
        if fact.payload.get("cause")
    }
    assert of_staff == {
        moved: ("BookingMoved", "maintenance", "New nozzle"),
        cancelled: ("BookingCancelled", "maintenance", "New nozzle"),
    }
    entries = reading().scalars(select(AuditEntry).where(AuditEntry.reason == "New nozzle")).all()
    assert sorted(entry.action for entry in entries) == [
        "booking.cancelled",
        "booking.moved",
        "maintenance.planned",
    ]


def test_as_suggested_for_all_does_what_was_suggested(app: Flask, world: World) -> None:
    uids = [book(world, "alice", 10, 11, "laser"), book(world, "bob", 11.5, 12.5, "laser")]
    bob = world.browser(app, "bob")
    asked = post(bob, NEW, NEW, form("laser"))
    assert "Laser Two, at the same time" in asked.text
    data = form("laser") | chosen(asked.text, dict.fromkeys(uids, "cancel"))
    assert post(bob, NEW, NEW, data | {"everything": "suggested"}).status_code == 303
    assert [booking(uid).state for uid in uids] == ["confirmed", "confirmed"]
    # 15 minutes of clean-up belong to every booking of the laser.
    assert booking(uids[0]).ends_at <= at(9.75)
    assert booking(uids[1]).starts_at >= at(12)


def test_what_changed_meanwhile_is_asked_about_again(app: Flask, world: World) -> None:
    kept, moved = book(world, "alice", 10, 11), book(world, "charlie", 11, 12)
    bob = world.browser(app, "bob")
    asked = post(bob, NEW, NEW, form())
    services.cancel(moved, actor=world.actor("charlie"), now=NOW)
    newer = book(world, "charlie", 11.5, 12)
    data = form() | chosen(asked.text, {kept: "cancel"})
    again = post(bob, NEW, NEW, data)
    assert again.status_code == 409
    assert "Something changed meanwhile, so nothing was done." in again.text
    assert (blocks(), booking(kept).state) == ([], "confirmed")
    hits = shown_hits(again.text)
    assert set(hits) == {kept, newer}
    assert hits[kept]["chosen"] == "cancel"  # what was chosen stays chosen
    assert "This booking is new on this page." in again.text
    assert post(bob, NEW, NEW, form() | chosen(again.text)).status_code == 303
    assert booking(kept).state == "cancelled"
    assert booking(newer).starts_at >= at(12)


def test_a_time_that_was_taken_meanwhile_is_refused_at_its_booking(
    app: Flask, world: World
) -> None:
    first, second = book(world, "alice", 10, 11), book(world, "charlie", 11, 12)
    bob = world.browser(app, "bob")
    asked = post(bob, NEW, NEW, form())
    book(world, "bob", 9, 10)  # where the first one should have gone
    refused = post(bob, NEW, NEW, form() | chosen(asked.text, {second: "cancel"}))
    assert refused.status_code == 409
    assert "is already taken at that time." in refused.text
    assert "What you chose for it is not possible." in refused.text
    assert [booking(uid).state for uid in (first, second)] == ["confirmed", "confirmed"]
    hits = shown_hits(refused.text)
    assert hits[second]["chosen"] == "cancel"
    assert "09:00" not in hits[first]["chosen"]
    assert post(bob, NEW, NEW, form() | chosen(refused.text)).status_code == 303


def test_it_is_changed_ended_and_called_off(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    assert post(bob, NEW, NEW, form()).status_code == 303
    (block,) = blocks()
    page = f"{SITE}/maintenance/{block.uid}"
    in_the_way = book(world, "alice", 13, 14)
    asked = post(bob, page, page, form(ends_at="2026-11-24T13:30", revision="0"))
    assert "One booking is in the way." in asked.text
    data = form(ends_at="2026-11-24T13:30", revision="0") | chosen(asked.text)
    assert post(bob, page, page, data).status_code == 303
    assert blocks()[0].ends_at == at(13.5)
    assert booking(in_the_way).starts_at >= at(13.5)
    stale = form(ends_at="2026-11-24T15:00", revision="0")
    assert post(bob, page, page, stale).status_code == 412

    assert post(bob, page, f"{page}/end").status_code == 409
    assert post(bob, page, f"{page}/cancel").status_code == 303
    assert blocks()[0].cancelled_at == NOW
    assert "called off" in bob.get(f"{SITE}/maintenance?which=over").text
    assert post(bob, NEW, f"{page}/cancel").status_code == 303  # twice is once
    book(world, "charlie", 10, 11)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"starts_at": ""}, "This field must be filled in."),
        ({"ends_at": "2026-11-24T09:00"}, "The end must come after the start."),
        ({"starts_at": "2026-11-20T09:00", "ends_at": "2026-11-21T09:00"}, "lie in the future"),
        ({"ends_at": "2028-11-24T09:00"}, "It may last"),
        ({"reason": " "}, "This field must be filled in."),
        ({"machines": ""}, "Choose a machine."),
    ],
)
def test_what_is_wrong_is_said_and_kept(
    app: Flask, world: World, changes: dict[str, str], sentence: str
) -> None:
    bob = world.browser(app, "bob")
    answer = post(bob, NEW, NEW, {k: v for k, v in form(**changes).items() if v != ""})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Ask for the old one." in answer.text
    assert blocks() == []


def test_everybody_sees_it_where_times_are_shown(app: Flask, world: World) -> None:
    bob, charlie = world.browser(app, "bob"), world.browser(app, "charlie")
    today = {"starts_at": "2026-11-23T14:00", "ends_at": "2026-11-23T16:00"}
    assert post(bob, NEW, NEW, form("benches", **today)).status_code == 303
    assert "New nozzle" in charlie.get("/machines/benches").text
    assert "Maintenance: New nozzle" in charlie.get("/calendar?site=mhuma&date=2026-11-23").text
    data = charlie.get("/calendar/data?site=mhuma&date=2026-11-23").json
    assert data is not None
    (work,) = data["maintenance"]
    assert (work["machine"], work["start"][-8:], work["reason"]) == (
        "benches",
        "14:00:00",
        "New nozzle",
    )
    busy = charlie.get(
        "/api/v1/machines/benches/availability?from=2026-11-23T00:00Z&to=2026-11-24T00:00Z"
    ).json
    assert busy is not None
    assert len(busy["busy"]) == 6
    assert "New nozzle" in bob.get("/today?site=mhuma").text
    taken = charlie.post(
        "/api/v1/bookings",
        json={
            "machine": "benches",
            "starts_at": "2026-11-23T15:00+01:00",
            "ends_at": "2026-11-23T15:30+01:00",
        },
        headers=world.headers("charlie"),
    )
    assert taken.status_code == 409
    assert taken.json is not None
    assert [reason["code"] for reason in taken.json["reasons"]] == ["booking.overlap"]


def test_bookings_of_a_broken_machine_go_elsewhere(app: Flask, world: World) -> None:
    uid = book(world, "alice", 10, 11, "laser")
    bob, page = world.browser(app, "bob"), "/machines/laser/in-the-way"
    assert bob.get(page).status_code == 303  # in service, nothing is in the way
    actor = world.actor("bob")
    set_state("laser", MachineState.OUT_OF_SERVICE, reason="Smoke", actor=actor, now=NOW)
    assert "One booking of the next seven days" in bob.get("/machines/laser").text
    asked = bob.get(page)
    # The same machine has no time, as it is out of service.
    assert "Move it to Laser Two, at the same time" in asked.text
    done = post(bob, page, page, chosen(asked.text), follow_redirects=True)
    assert "One booking was moved." in done.text
    assert booking(uid).starts_at == at(10)
    facts = reading().scalars(select(OutboxMessage)).all()
    told = [(f.payload["cause"], f.payload["reason"]) for f in facts if f.payload.get("cause")]
    assert told == [("out-of-service", "Smoke")]


def test_a_closure_moves_cancels_or_leaves(app: Flask, world: World) -> None:
    moved, left = book(world, "alice", 10, 11), book(world, "charlie", 11, 12)
    bob, url = world.browser(app, "bob"), f"{SITE}/closures"
    data = {
        "starts_at": "2026-11-24T08:00",
        "ends_at": "2026-11-24T20:00",
        "space": "",
        "reason": "Fair",
    }
    asked = post(bob, url, url, data)
    assert asked.status_code == 200
    back = post(bob, url, url, data | chosen(asked.text) | {"again": "yes"})
    assert 'value="Fair"' in back.text
    hits = shown_hits(asked.text)
    assert "Move it to Mon 23 Nov" in "".join(hits[moved])
    done = post(bob, url, url, data | chosen(asked.text, {left: "leave"}), follow_redirects=True)
    assert "One booking was moved." in done.text
    assert "One booking stands." in done.text
    assert not slot(8, 20).overlaps(booking(moved).slot)
    assert booking(left).slot == slot(11, 12)


def test_planning_is_for_staff_of_the_site(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    assert post(bob, NEW, NEW, form()).status_code == 303
    page = f"{SITE}/maintenance/{blocks()[0].uid}"
    for who, status in (("alice", 403), ("dora", 403), ("eva", 200)):
        browser = world.browser(app, who)
        for path in (f"{SITE}/maintenance", NEW, page):
            assert browser.get(path).status_code == status, (who, path)
    dora = world.browser(app, "dora")
    elsewhere = page.replace("mhuma", "smart-city-lab")
    assert dora.get(elsewhere).status_code == 404
    for act in ("", "/end", "/cancel"):
        assert post(dora, "/sites/smart-city-lab/maintenance/new", page + act).status_code == 403
    machine_of_elsewhere = form("printer-scl")
    assert post(bob, NEW, NEW, machine_of_elsewhere).status_code == 404
