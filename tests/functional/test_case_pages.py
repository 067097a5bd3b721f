"""Who may open which page of a case; calls are written in pages; what is refused there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from labops.domain.applications import interests
from labops.kernel import clock
from labops.kernel.db import reading
from tests.support.cases import DECIDER, OFFICER, OWNER, call_of, city, submitted
from tests.support.forms import post
from tests.support.world import World

# The status of each page for: the lab, an officer, a decider, somebody with an account.
PAGES = {
    "/applications": (200, 200, 200, 200),
    "/applications/rules": (200, 200, 200, 200),
    "/calls": (200, 200, 200, 200),
    "/applications/{case}": (200, 404, 404, 404),
    "/applications/{case}/criteria/safety": (200, 404, 404, 404),
    "/applications/{case}/criteria/nonsense": (404, 404, 404, 404),
    "/applications/{case}/acts/withdraw": (200, 200, 200, 404),
    "/applications/{case}/acts/nonsense": (404, 404, 404, 404),
    "/applications/{case}/receipts/1.pdf": (200, 200, 200, 404),
    "/applications/{case}/letters/1.pdf": (404, 404, 404, 404),
    "/review": (403, 200, 200, 403),
    "/review?state=submitted": (403, 200, 200, 403),
    "/review/cases.csv?every=1": (403, 200, 200, 403),
    "/review/cases/{case}": (403, 200, 200, 403),
    "/review/cases/{case}/chronology": (403, 200, 200, 403),
    "/review/interests": (403, 200, 200, 403),
    "/review/numbers": (403, 200, 200, 403),
    "/review/numbers.csv": (403, 200, 200, 403),
    "/review/calls": (403, 200, 403, 403),
    "/review/calls/new": (403, 200, 403, 403),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_page_for_every_kind_of_person(app: Flask, world: World) -> None:
    now = clock.now()
    city(world, now=now)
    case = submitted(world, now=now, until=(now + timedelta(days=900)).date())
    browsers = [world.browser(app, who) for who in (OWNER, OFFICER, DECIDER, "nina")]
    wrong = {}
    for path, expected in PAGES.items():
        found = tuple(each.get(path.format(case=case)).status_code for each in browsers)
        if found != expected:
            wrong[path] = found
    assert wrong == {}
    csv = browsers[2].get("/review/cases.csv").text
    assert csv.splitlines()[1].startswith("Officina,submitted,0,30,")
    interests.declare("officina", "My sister", actor=world.actor(OFFICER, now), now=now)
    for path in ("/review/cases/{case}", "/applications/{case}/acts/note"):
        assert browsers[1].get(path.format(case=case)).status_code == 404
    assert "Officina" not in browsers[1].get("/review").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_call_is_written_published_and_followed_by_an_edition(app: Flask, world: World) -> None:
    city(world, now=clock.now())
    bob = world.browser(app, OFFICER)
    form = bob.get("/review/calls/new").text
    values = dict(re.findall(r'name="(\w+)"[^>]*?value="([^"]*)"', form))
    values |= {
        "title_it": "Bando", "title_en": "A call", "text_it": "Uno", "text_en": "One",
        "opens_at": "2026-01-01T00:00:00", "closes_at": "2099-12-31T23:59:59",
    }  # fmt: skip
    values.pop("csrf_token")
    wrong = post(bob, "/review/calls/new", "/review/calls/new", values | {"review_days": "999"})
    assert wrong.status_code == 422
    assert "between 1 and 365" in wrong.text
    made = post(bob, "/review/calls/new", "/review/calls/new", values)
    path = made.location
    uid = path.rpartition("/")[2]
    assert call_of(uid).closes_at is not None
    assert call_of(uid).closes_at.second == 59
    assert app.test_client().get("/calls/a-call").status_code == 404
    criterion = {"title_it": "Uno", "title_en": "One more", "text_it": "x", "text_en": "y"}
    new = f"{path}/criteria/new"
    assert post(bob, new, new, criterion).status_code == 303
    merits = f"{path}/criteria/merits"
    assert post(bob, merits, merits, {"act": "drop"}).status_code == 303
    assert post(bob, path, f"{path}/publish").status_code == 303
    public = app.test_client().get("/calls/a-call").text
    assert "One more" in public or "Uno" in public
    assert post(bob, path, path, values).status_code == 409
    edition = post(bob, path, f"{path}/editions").location
    assert edition != path
    reading().rollback()
    draft = call_of(edition.rpartition("/")[2])
    assert draft.edition == 2
    assert {each.slug for each in draft.criteria} == {each.slug for each in call_of(uid).criteria}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_lab_that_is_not_recorded_yet_is_founded_with_the_application(
    app: Flask, world: World
) -> None:
    from tests.support.cases import a_call  # noqa: PLC0415

    uid = a_call(now=clock.now())
    nina = world.browser(app, "nina")
    page = f"/calls/{uid}/apply"
    assert post(nina, page, page, {}).status_code == 422
    begun = post(nina, page, page, {"name": "Bottega <Nuova>"})
    assert begun.status_code == 303
    shown = nina.get(begun.location).text
    assert "Bottega &lt;Nuova&gt;" in shown
    again = post(nina, page, page, {"name": "Bottega <Nuova>"})
    assert again.location != begun.location  # another lab of the same name
    assert world.browser(app, OWNER).get(begun.location).status_code == 404
