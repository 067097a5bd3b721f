"""Pages on which staff decide: requested bookings, contested strikes."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from labops.domain.bookings import services, sweeping
from labops.domain.bookings.commands import Book
from labops.domain.bookings.models import Booking
from labops.domain.house_rules.services import SaveRules, save_rules
from labops.domain.strikes import queries as strikes
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.world import World, next_slot


def let_rules(world: World, **data: object) -> None:
    save_rules(SaveRules(site_id=world.sites["mhuma"], data=data), actor=SYSTEM, now=clock.now())


def book(world: World, start: float = 10) -> str:
    now = clock.now()
    command = Book(
        machines=("printer",), slot=next_slot(start), note="a lamp", fields={"material": "PLA"}
    )
    return services.book(command, actor=world.actor("alice", now), now=now)


def test_a_request_is_decided_on_the_page_of_what_waits(app: Flask, world: World) -> None:
    let_rules(world, approval="always")
    kept, refused = book(world), book(world, 12)
    alice, bob = world.browser(app, "alice"), world.browser(app, "bob")
    assert "Staff have to agree" in alice.get(f"/bookings/{kept}").text
    assert "2 bookings wait for approval" in bob.get("/today?site=mhuma").text
    page = bob.get("/approvals").text
    assert page.count("a lamp") == 2
    assert "PLA" in page
    assert "Alice" in page
    assert alice.get("/approvals").status_code == 403
    assert "a lamp" not in world.browser(app, "dora").get("/approvals").text

    assert post(bob, "/approvals", f"/bookings/{kept}/approve").status_code == 303
    nothing = post(bob, "/approvals", f"/bookings/{refused}/reject", {"reason": " "})
    assert nothing.status_code == 422
    assert "This field must be filled in." in nothing.text
    assert '<details class="confirm" open>' in nothing.text
    reason = {"reason": "The nozzle is being changed."}
    assert post(bob, "/approvals", f"/bookings/{refused}/reject", reason).status_code == 303
    assert "The nozzle is being changed." in alice.get(f"/bookings/{refused}").text
    assert "Nothing to decide" in bob.get("/approvals").text
    # Staff of elsewhere, and whoever comes too late.
    scl = world.browser(app, "dora")
    assert (
        post(
            scl, "/sites/smart-city-lab/machines/new", f"/bookings/{kept}/reject", reason
        ).status_code
        == 404
    )
    late = post(bob, "/sites/mhuma/machines/new", f"/bookings/{kept}/reject", reason)
    assert late.status_code == 409


def test_a_strike_is_contested_and_answered(app: Flask, world: World) -> None:
    let_rules(world, strikes={"missed": 1, "in_days": 30, "suspended_days": 14})
    book(world)
    with unit_of_work() as session:
        session.execute(update(Booking).values(check_in_by=clock.now() - timedelta(minutes=1)))
    assert sweeping.release_missed(now=clock.now()) == 1
    alice, bob = world.browser(app, "alice"), world.browser(app, "bob")
    page = alice.get("/strikes").text
    assert "You cannot book at MHUMA before" in page
    uid = strikes.own(reading(), world.actor("alice", clock.now()))[0].uid
    empty = post(alice, "/strikes", f"/strikes/{uid}/contest", {"text": ""})
    assert empty.status_code == 422
    told = {"text": "The door did not open."}
    assert post(alice, "/strikes", f"/strikes/{uid}/contest", told).status_code == 303
    assert "This is wrong" not in alice.get("/strikes").text
    assert "1 contested strike waits" in bob.get("/today?site=mhuma").text
    assert "The door did not open." in bob.get("/strikes/contested").text
    assert "The door did not open." not in world.browser(app, "dora").get("/strikes/contested").text
    missing = post(bob, "/strikes/contested", f"/strikes/{uid}/answer", {"forgive": "yes"})
    assert missing.status_code == 422
    answer = {"forgive": "yes", "text": "It was broken."}
    assert post(bob, "/strikes/contested", f"/strikes/{uid}/answer", answer).status_code == 303
    page = alice.get("/strikes").text
    assert "It was broken." in page
    assert "You cannot book" not in page
    assert "Strikes" in bob.get(f"/people/{world.uids['alice']}").text
    assert world.browser(app, "charlie").get("/strikes").text.count("The door") == 0
