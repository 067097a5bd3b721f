"""One's skills, the card that shows them, and what staff and managers do with certifications."""

from __future__ import annotations

import re
from datetime import timedelta

import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from labops.domain.certifications import services
from labops.domain.certifications.models import Certification, SkillCard
from labops.domain.certifications.queries import local_today
from labops.domain.certifications.services import Certify
from labops.domain.certifications.settings import name_trainer, type_by_slug
from labops.domain.people.models import Person
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.certifications import laser_asks, latest, suspend
from tests.support.forms import post
from tests.support.inductions import planned
from tests.support.world import World, next_slot

NAMES = {"none": "", "initials": "A. A.", "first": "Alba", "full": "Alba Accorta"}


@pytest.fixture
def alice(app: Flask, world: World) -> FlaskClient:
    """Return Alice's browser; she has a whole name and two skills."""
    with unit_of_work() as session:
        session.get_one(Person, world.people["alice"]).name = NAMES["full"]
    for kind in ("laser", "bench"):
        command = Certify(
            person_uid=world.uids["alice"],
            machine_type=kind,
            starts_on=local_today(reading(), now=clock.now()),
            evidence=f"evidence of {kind}",
        )
        services.certify(command, actor=world.actor("bob"), now=clock.now())
    return world.browser(app, "alice")


def anyone(app: Flask) -> FlaskClient:
    """Return the browser of a stranger who reads English."""
    client = app.test_client()
    client.set_cookie("labops_language", "en")
    return client


def code_of(world: World) -> str:
    """Return the code of Alice's open card."""
    reading().rollback()
    query = select(SkillCard.code).where(
        SkillCard.person_id == world.people["alice"], SkillCard.revoked_at.is_(None)
    )
    return reading().scalars(query).one()


def test_one_sees_what_one_has_and_its_history(world: World, alice: FlaskClient) -> None:
    suspend(world, "alice")
    page = alice.get("/skills").text
    for words in ("Laser", "Bench", "Suspended", "The lid was left open.", "evidence of bench"):
        assert words in page
    assert "Granted" in page and "Bob" in page  # who and when, in the history
    assert 'href="/skills"' in alice.get("/profile").text
    nobody_knows = world.browser(alice.application, "nina").get("/skills").text
    assert "No certification yet" in nobody_knows


@pytest.mark.parametrize("shown", NAMES)
def test_a_card_shows_strangers_what_its_owner_chose(
    app: Flask, world: World, alice: FlaskClient, shown: str
) -> None:
    assert post(alice, "/skills", "/skills/card").status_code == 303
    anybody, address = anyone(app), f"/c/{code_of(world)}"
    first = anybody.get(address)
    assert first.headers["Cache-Control"] == "no-store"
    assert "noindex" in first.headers["X-Robots-Tag"]
    assert "A. A." in first.text and "Laser" in first.text and "Bench" in first.text
    chosen = {"shown_name": shown, "types": ["laser"]}
    assert post(alice, "/skills", "/skills/card/shown", chosen).status_code == 303
    page = anybody.get(address).text
    assert "Laser" in page and "Bench" not in page
    assert (NAMES[shown] or "Holder of this card") in page
    hidden = {"Accorta", "Alba", "A. A."} - set(NAMES[shown].split()) - {NAMES[shown]}
    assert [words for words in hidden if words in page] == []
    for secret in ("alice@example.org", "evidence of laser", "Bob", world.uids["alice"]):
        assert secret not in page


def test_a_card_says_what_holds_today(app: Flask, world: World, alice: FlaskClient) -> None:
    post(alice, "/skills", "/skills/card")
    anybody, address = anyone(app), f"/c/{code_of(world)}"
    assert "Not valid today" not in anybody.get(address).text
    suspend(world, "alice")
    page = anybody.get(address).text
    assert "Not valid today" in page
    assert "The lid was left open." not in page  # why is nobody's affair


def test_a_card_can_be_revoked_and_issued_again(
    app: Flask, world: World, alice: FlaskClient
) -> None:
    assert alice.get("/skills/card.pdf").status_code == 404
    post(alice, "/skills", "/skills/card")
    old = code_of(world)
    post(alice, "/skills", "/skills/card/shown", {"shown_name": "full", "types": ["bench"]})
    post(alice, "/skills", "/skills/card")
    anybody, new = anyone(app), code_of(world)
    assert (anybody.get(f"/c/{old}").status_code, old == new) == (404, False)
    assert "Bench" in anybody.get(f"/c/{new}").text  # what she chose stays chosen
    assert "Laser" not in anybody.get(f"/c/{new}").text
    post(alice, "/skills", "/skills/card/revoke")
    assert anybody.get(f"/c/{new}").status_code == 404
    assert "not valid" in anybody.get(f"/c/{new}").text
    assert anybody.get("/c/%00").status_code == 404
    bad = post(alice, "/skills", "/skills/card/shown", {"shown_name": "all"})
    assert bad.status_code in {404, 422}


def test_the_printed_card_leads_to_its_check(world: World, alice: FlaskClient) -> None:
    post(alice, "/skills", "/skills/card")
    answer = alice.get("/skills/card.pdf")
    assert answer.content_type == "application/pdf"
    document = pypdfium2.PdfDocument(answer.data)
    assert len(document) == 1
    page = document[0]
    width, height = (round(points * 25.4 / 72, 1) for points in page.get_size())
    assert (width, height) == (85.6, 54.0)
    words = page.get_textpage().get_text_bounded()
    assert "A. A." in words and "Laser" in words and "Accorta" not in words
    (read,) = zxingcpp.read_barcodes(page.render(scale=4).to_pil())
    assert read.text == f"http://localhost/c/{code_of(world)}"
    document.close()
    sheet = alice.get("/skills/card").text
    assert "<svg" in sheet and "Laser" in sheet


def test_staff_suspend_resume_and_renew(app: Flask, world: World, alice: FlaskClient) -> None:
    bob, page = world.browser(app, "bob"), f"/people/{world.uids['alice']}"
    wanted = {"machine_type": "laser", "reason": "", "ends_on": ""}
    refused = post(bob, page, f"{page}/certifications/suspend", wanted)
    assert refused.status_code == 422
    assert "Give the reason." in refused.text
    past = {**wanted, "reason": "x", "ends_on": "2020-01-01"}
    assert post(bob, page, f"{page}/certifications/suspend", past).status_code == 422
    good = {**wanted, "reason": "Left it running."}
    assert post(bob, page, f"{page}/certifications/suspend", good).status_code == 303
    assert "Left it running." in alice.get("/skills").text
    nothing = {**good, "machine_type": "printer-fdm"}
    assert post(bob, page, f"{page}/certifications/suspend", nothing).status_code == 422
    back = {"machine_type": "laser", "reason": "We talked."}
    assert post(bob, page, f"{page}/certifications/resume", back).status_code == 303
    shown = bob.get(page).text
    assert "We talked." in shown and "Let Laser count again" not in shown
    before = latest(world, "alice")
    again = {"machine_type": "bench", "starts_on": "2026-11-20", "evidence": "seen again"}
    assert post(bob, page, f"{page}/certify", again).status_code == 303
    reading().rollback()
    made = reading().get_one(Certification, latest(world, "alice"))
    assert made.id != before and made.renews_id == before
    for stranger in ("alice", "charlie"):
        browser = world.browser(app, stranger)
        answer = post(browser, "/skills" if stranger == "alice" else "/letters",
                      f"{page}/certifications/suspend", good)  # fmt: skip
        assert answer.status_code == 403


def test_managers_say_what_a_machine_type_asks(app: Flask, world: World) -> None:
    eva, page = world.browser(app, "eva"), "/machine-types/laser"
    typed = {
        "name_it": "Laser CO2",
        "name_en": "CO2 laser",
        "levels": "Base / Basic\nEsperto / Expert",
        "valid_months": "12",
        "unused_days": "180",
        "renewal": ["quiz", "use"],
    }
    for wrong in (
        {"levels": "only one name"},
        {"valid_months": "0"},
        {"unused_days": "many"},
        {"renewal": ["prayer"]},
        {"name_en": ""},
    ):
        answer = post(eva, page, page, {**typed, **wrong})
        assert answer.status_code == 422
        assert "12" in answer.text or "valid_months" in wrong
    assert post(eva, page, page, typed).status_code == 303
    reading().rollback()
    found = type_by_slug(reading(), "laser")
    assert (found.name_en, found.valid_months, found.unused_days) == ("CO2 laser", 12, 180)
    assert found.levels == (("Base", "Basic"), ("Esperto", "Expert"))
    command = Certify(person_uid=world.uids["nina"], machine_type="laser", starts_on=NEXT, level=2)
    services.certify(command, actor=world.actor("bob"), now=clock.now())
    lost = post(eva, page, page, {**typed, "levels": ""})
    assert lost.status_code == 422
    assert "Somebody was certified for a level" in lost.text
    listed = eva.get("/machine-types").text
    assert "CO2 laser" in listed and "after 12 months; unused for 180 days" in listed
    named = post(eva, page, f"{page}/trainers", {"email": "charlie@example.org"})
    assert named.status_code == 303
    assert "Charlie" in eva.get(page).text
    assert post(eva, page, f"{page}/trainers", {"email": "who@example.org"}).status_code == 422
    dismiss = f"{page}/trainers/{world.uids['charlie']}/dismiss"
    assert post(eva, page, dismiss).status_code == 303
    assert "Charlie" not in eva.get(page).text
    for who in ("bob", "alice"):  # staff who are no managers, members
        assert world.browser(app, who).get(page).status_code == 403


NEXT = clock.now().date() + timedelta(days=1)


def test_a_trainer_certifies_many_without_any_role(app: Flask, world: World) -> None:
    charlie = world.browser(app, "charlie")
    assert charlie.get("/certifications/many").status_code == 404
    name_trainer("laser", "charlie@example.org", actor=SYSTEM, now=clock.now())
    assert 'href="/certifications/many"' in charlie.get("/skills").text
    offered = re.findall(r'<option[^>]* value="([^"]+)"', charlie.get("/certifications/many").text)
    assert offered == ["laser"]
    typed = {
        "machine_type": "laser",
        "starts_on": "2026-11-23",
        "addresses": "nina@example.org,\nwho@example.org",
        "evidence": "Course of 21 November",
    }
    wrong = post(charlie, "/certifications/many", "/certifications/many", typed)
    assert wrong.status_code == 422
    assert "who@example.org. Nobody was certified." in wrong.text
    assert "Course of 21 November" in wrong.text
    other = {**typed, "machine_type": "bench"}
    assert post(charlie, "/certifications/many", "/certifications/many", other).status_code == 422
    right = {**typed, "addresses": "nina@example.org"}
    assert post(charlie, "/certifications/many", "/certifications/many", right).status_code == 303
    assert latest(world, "nina")


def test_a_refusal_leads_to_the_next_induction_where_there_are_any(
    app: Flask, world: World
) -> None:
    laser_asks(None, None)
    today = local_today(reading(), now=clock.now())
    command = Certify(
        person_uid=world.uids["charlie"], machine_type="laser", starts_on=today, ends_on=today
    )
    services.certify(command, actor=world.actor("bob"), now=clock.now())
    charlie = world.browser(app, "charlie")
    day = today + timedelta(days=2)
    typed = {"machines": "laser", "date": day.isoformat(), "start": "10:00", "length": "60"}
    without = post(charlie, "/bookings/new?machine=laser", "/bookings/new", typed)
    assert without.status_code == 409
    assert "Your certification for Laser is not valid on that day." in without.text
    assert 'href="/skills#laser"' in without.text
    assert "Book the induction" not in without.text
    planned(world, next_slot(10, 2), now=clock.now())
    reading().rollback()
    with_some = post(charlie, "/bookings/new?machine=laser", "/bookings/new", typed)
    assert 'href="/inductions?type=laser"' in with_some.text
    assert "Book the induction on" in with_some.text
