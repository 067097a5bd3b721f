"""Pages, feeds and API of inductions, as people meet them."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from labops.domain.certifications import services as certifications
from labops.domain.certifications.services import Certify
from labops.domain.inductions import queries, signing
from labops.domain.inductions.models import InductionSession
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from tests.support.feeds import events_in, opened
from tests.support.forms import post
from tests.support.inductions import planned, standing
from tests.support.world import World, next_slot

ENGLISH = {"Accept-Language": "en"}
ROME = ZoneInfo("Europe/Rome")


@pytest.fixture
def uid(world: World) -> str:
    """Return a session of one place on the laser, the day after tomorrow."""
    return planned(
        world, next_slot(16, 2), now=clock.now(), places=1, decide_before=timedelta(hours=1)
    )


def test_the_last_place_the_line_and_who_moves_up(app: Flask, world: World, uid: str) -> None:
    nina, charlie = world.browser(app, "nina"), world.browser(app, "charlie")
    page = f"/inductions/{uid}"
    assert "One free place" in app.test_client().get(page, headers=ENGLISH).text
    assert post(nina, page, f"{page}/sign-up").status_code == 303
    assert "You: Signed up." in nina.get(page).text
    # The page that offered a place is out of date by now.
    late = post(charlie, page, f"{page}/sign-up")
    assert late.status_code == 409
    assert "Every place is taken. You can join the waiting list." in late.text
    assert "Join the waiting list" in charlie.get(page).text
    assert post(charlie, page, f"{page}/sign-up", {"waits": "yes"}).status_code == 303
    assert "You: On the waiting list." in charlie.get(page).text
    assert post(nina, page, f"{page}/give-up").status_code == 303
    assert standing(uid) == {
        world.people["nina"]: "cancelled",
        world.people["charlie"]: "signed_up",
    }
    mine = charlie.get("/bookings").text
    assert f"/inductions/{uid}" in mine
    assert f"/inductions/{uid}" not in nina.get("/bookings").text


def test_the_list_is_filtered_by_its_address_and_comes_as_a_file(
    client: FlaskClient, world: World, uid: str
) -> None:
    now = clock.now()
    full = planned(
        world,
        next_slot(18, 1),
        now=now,
        machines=("printer",),
        machine_type="printer-fdm",
        places=1,
    )
    signing.sign_up(full, actor=world.actor("nina", now), now=now)
    for query, there in (
        ("", {uid, full}),
        ("?type=laser", {uid}),
        ("?free=1", {uid}),
        ("?site=mhuma", {uid, full}),
        ("?site=smart-city-lab", set()),
        ("?past=1", set()),
        ("?type=nonsense&page=99999999", set()),
    ):
        text = client.get(f"/inductions{query}").text
        assert {one for one in (uid, full) if f"/inductions/{one}" in text} == there, query
        rows = list(csv.DictReader(io.StringIO(client.get(f"/inductions.csv{query}").text[1:])))
        assert {row["uid"] for row in rows} == there, query
    shown = client.get("/api/v1/inductions?free=1").json["items"]
    assert [(one["uid"], one["free"], one["machines"]) for one in shown] == [(uid, 1, ["laser"])]


@pytest.mark.parametrize("expires", [False, True])
def test_who_lacks_the_certification_is_led_to_the_next_induction(
    app: Flask, world: World, uid: str, *, expires: bool
) -> None:
    if expires:  # valid today, and not on the day of the booking
        today = clock.now().date()
        granted = Certify(
            person_uid=world.uids["charlie"],
            machine_type="laser",
            starts_on=today - timedelta(days=9),
            ends_on=today,
            evidence="before",
        )
        certifications.certify(granted, actor=world.actor("bob"), now=clock.now())
    slot = next_slot(10)
    day = f"{slot.starts_at:%A} {slot.starts_at.day} {slot.starts_at:%B}"
    charlie = world.browser(app, "charlie")
    asked = {
        "machines": ["laser"],
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
    }
    answer = app.test_client().post(
        "/api/v1/bookings/check", json=asked, headers={**world.headers("charlie"), **ENGLISH}
    )
    code = "person.certification-expired" if expires else "person.certification-missing"
    reason = next(r for r in answer.json["reasons"] if r["code"] == code)
    assert reason["fix_url"] == "/inductions?type=laser"
    assert reason["fix_label"] == f"Book the induction on {day}"
    assert f"Book the induction on {day}" in charlie.get("/machines/laser").text


def test_the_price_is_seen_first_and_nobody_pays_another(
    app: Flask, world: World, uid: str
) -> None:
    with unit_of_work() as session:
        session.execute(update(InductionSession).values(price=12.5))
    nina = world.browser(app, "nina")
    page = f"/inductions/{uid}"
    shown = nina.get(page, headers=ENGLISH).text
    assert "It costs you €12.50, which is added to your account." in shown
    assert "you get that back" in shown
    assert 'name="price" value="12.50"' in shown
    other = post(nina, page, f"{page}/sign-up", {"price": "10.00"})
    assert other.status_code == 409
    assert "Its price has changed: it costs you 12.50 euro now." in other.text
    assert standing(uid) == {}
    assert post(nina, page, f"{page}/sign-up", {"price": "12.50"}).status_code == 303
    account = nina.get("/account?site=mhuma").text
    assert "Induction: Laser, " in account
    assert "12.50 euro to pay" in account


def test_the_attendance_list_certifies(app: Flask, world: World, uid: str) -> None:
    now = clock.now()
    signing.sign_up(uid, actor=world.actor("nina", now), now=now)
    bob, page = world.browser(app, "bob"), f"/inductions/{uid}/attendance"
    wanted = {f"outcome-{world.uids['nina']}": "certified"}
    assert "Outcomes can be written down once it has begun." in bob.get(page).text
    assert post(bob, page, page, wanted).status_code == 409
    with unit_of_work() as session:
        session.execute(update(InductionSession).values(starts_at=now - timedelta(minutes=1)))
    assert post(bob, page, page, wanted).status_code == 303
    assert standing(uid) == {world.people["nina"]: "certified"}
    assert world.browser(app, "alice").get(page).status_code == 403
    assert world.browser(app, "dora").get(page).status_code == 403


def form(world: World, **changes: object) -> dict[str, object]:
    local = next_slot(18).starts_at.astimezone(ROME)
    values: dict[str, object] = {
        "machine_type": "laser",
        "level": "1",
        "starts_at": local.strftime("%Y-%m-%dT18:00"),
        "ends_at": local.strftime("%Y-%m-%dT20:00"),
        "machines": ["printer"],
        "teacher": world.uids["bob"],
        "places": "4",
        "fewest": "2",
        "decide_before": "1 h",
        "audience": "all",
        "price": "12,50",
        "repeat": "0",
    }
    return values | changes


def test_staff_plan_one_several_move_and_cancel(app: Flask, world: World) -> None:
    bob, page = world.browser(app, "bob"), "/sites/mhuma/inductions/new"
    wrong = post(bob, page, page, form(world, places="many", note="Keep me"))
    assert wrong.status_code == 422
    assert "Keep me" in wrong.text
    assert "Write a whole number" in wrong.text
    done = post(bob, page, page, form(world))
    assert done.status_code == 303
    shown = done.headers["Location"]
    assert "€12.50" in bob.get(shown).text
    # Every week at that hour: the first is in the way of the one that is there.
    several = post(bob, page, page, form(world, repeat="1", count="3"))
    assert several.status_code == 200
    assert several.text.count("disabled") == 1
    planned_them = post(
        bob, page, page, form(world, repeat="1", count="3", decided="yes", number=["2", "3"])
    )
    assert planned_them.status_code == 303
    reading().rollback()  # see what the browser wrote
    assert len(queries.listed(reading(), queries.Search(now=clock.now()))[0]) == 3
    edit = f"{shown}/edit"
    moved = form(world, machines=["benches"], places="5", revision="0")
    assert post(bob, edit, edit, moved).status_code == 303
    assert post(bob, edit, edit, moved).status_code == 409  # somebody else's page by now
    uid = shown.rsplit("/", 1)[1]
    reading().rollback()  # see what the browser wrote
    assert queries.one(reading(), uid).machines == ("benches",)
    assert post(bob, shown, f"{shown}/cancel", {"reason": " "}).status_code == 422
    assert post(bob, shown, f"{shown}/cancel", {"reason": "Ill"}).status_code == 303
    assert "This induction was cancelled: Ill" in app.test_client().get(shown, headers=ENGLISH).text


def test_it_stands_on_the_calendar_the_machine_and_the_day_list(
    app: Flask, world: World, uid: str
) -> None:
    alice = world.browser(app, "alice")
    day = next_slot(16).starts_at.date().isoformat()
    drawn = alice.get(f"/calendar/data?site=mhuma&date={day}").json
    (work,) = drawn["maintenance"]
    assert (work["machine"], work["reason"], work["kind"]) == (
        "laser",
        "Induction: Laser",
        "Induction",
    )
    assert "Induction: Laser" in alice.get(f"/calendar?site=mhuma&date={day}").text
    assert f"/inductions/{uid}" in alice.get("/machines/laser").text


def test_feeds_show_it_to_everybody_and_to_who_is_in_it(
    client: FlaskClient, world: World, uid: str
) -> None:
    now = clock.now()
    paths = {
        scope: opened(world, "alice", scope) for scope in ("me", "inductions", "machine:laser")
    }
    assert events_in(client.get(paths["me"]).data) == []
    (one,) = events_in(client.get(paths["inductions"]).data)
    assert str(one["SUMMARY"]) == "Induction: Laser (MHUMA)"
    assert "Free places: 1 of 1." in str(one["DESCRIPTION"])
    tags = [client.get(paths["me"]).headers["ETag"]]
    signing.sign_up(uid, actor=world.actor("alice", now), now=now)
    for path in paths.values():
        (same,) = events_in(client.get(path).data)
        assert (same["UID"], same["SEQUENCE"]) == (one["UID"], 1)
    tags.append(client.get(paths["me"]).headers["ETag"])
    signing.give_up(uid, actor=world.actor("alice", now), now=now)
    assert events_in(client.get(paths["me"]).data) == []
    tags.append(client.get(paths["me"]).headers["ETag"])
    assert len(set(tags)) == 3


def test_programs_sign_up_wait_and_give_up(client: FlaskClient, world: World, uid: str) -> None:
    first, second = world.headers("nina"), world.headers("charlie")
    path = f"/api/v1/inductions/{uid}"
    assert client.post(f"{path}/sign-up", headers=first).json["state"] == "signed_up"
    full = client.post(f"{path}/sign-up", json={}, headers=second)
    assert full.status_code == 409
    (reason,) = full.json["reasons"]
    assert (reason["code"], reason["fix_url"]) == ("induction.full", f"/inductions/{uid}")
    waits = client.post(f"{path}/sign-up", json={"waits": True}, headers=second)
    assert waits.json["state"] == "waiting"
    assert client.post(f"{path}/cancel", headers=first).json["state"] == "cancelled"
    assert standing(uid)[world.people["charlie"]] == "signed_up"
