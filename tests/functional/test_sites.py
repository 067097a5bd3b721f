"""Sites in the browser: looking, hours, closures and spaces, on both engines."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.closures.models import Closure
from labops.domain.sites.models import OpeningHours, Site
from labops.domain.spaces.models import Space
from labops.kernel import clock
from labops.kernel.db import reading
from tests.support.forms import csrf_token, post
from tests.support.hits import left_as_they_are
from tests.support.world import World, at, slot

SITE = {
    "name": "MHUMA",
    "address": "via Massimo d'Azeglio 3",
    "city": "Milano",
    "zone": "Europe/Rome",
    "email": "mhuma@example.org",
    "phone": "+39 02 1",
    "latitude": "45,4826",
    "longitude": "9.1846",
    "country": "IT",
    "subdivision": "MI",
    "local_holidays": "",
    "description_it": "Officine",
    "description_en": "Workshops",
}


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """Hold the clock at ten past nine on a Tuesday in Milan; tests move it by `["now"]`."""
    hands = {"now": at(9 + 10 / 60)}
    monkeypatch.setattr(clock, "now", lambda: hands["now"])
    return hands


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browser without a sign-in whose reader chose English."""
    client = app.test_client()
    client.set_cookie("labops_language", "en")
    return client


def site() -> Site:
    """Return MHUMA as it stands in the database."""
    reading().rollback()
    return reading().scalars(select(Site).where(Site.slug == "mhuma")).one()


def hours() -> list[tuple[int, int, int]]:
    """Return MHUMA's weekly hours."""
    reading().rollback()
    rows = reading().scalars(select(OpeningHours).where(OpeningHours.site_id == site().id))
    return sorted((row.weekday, row.opens_minute, row.closes_minute) for row in rows)


def closures() -> list[Closure]:
    """Return all closures."""
    reading().rollback()
    return list(reading().scalars(select(Closure).order_by(Closure.starts_at)))


def test_everybody_sees_where_and_when(
    client: FlaskClient, world: World, wall_clock: dict[str, datetime]
) -> None:
    page = client.get("/sites/mhuma")
    assert page.status_code == 200
    for text in (
        "via Prova 1",
        "Europe/Rome",
        "Open now",
        "08:00–20:00",
        "MHUMA officina",
        "20 people",
        "3 machines.",
        "Free now",
        "A booking lasts from 30 min to 4 h",
    ):
        assert text in page.text
    assert "For staff" not in page.text
    wall_clock["now"] = at(22)
    assert "Opens Wed 25 Nov, 08:00" in client.get("/sites/mhuma").text.replace("Wed, 25", "Wed 25")
    assert client.get("/sites/nowhere").status_code == 404
    assert client.get("/sites/a%00b").status_code == 404


@pytest.mark.parametrize("path", ["edit", "hours", "spaces"])
def test_only_managers_reach_what_only_they_change(
    app: Flask, world: World, client: FlaskClient, path: str
) -> None:
    url = f"/sites/mhuma/{path}"
    for who, status in ((None, 401), ("alice", 403), ("bob", 403), ("dora", 403), ("eva", 200)):
        asking = world.browser(app, who) if who else client
        assert asking.get(url).status_code == status, who
        if status != 200:
            data = SITE | {"day_0": "1-2", "capacity": "1"}
            page = "/machines" if who else "/sign-in"
            assert post(asking, page, url, data).status_code == status, who
    assert site().address == "via Prova 1"


def test_closures_are_for_staff_of_the_site(app: Flask, world: World, client: FlaskClient) -> None:
    url = "/sites/mhuma/closures"
    for who, status in ((None, 401), ("alice", 403), ("bob", 200), ("dora", 403), ("eva", 200)):
        asking = world.browser(app, who) if who else client
        assert asking.get(url).status_code == status, who


def test_the_description_is_edited_and_shown(app: Flask, world: World, client: FlaskClient) -> None:
    eva, url = world.browser(app, "eva"), "/sites/mhuma/edit"
    assert 'value="via Prova 1"' in eva.get(url).text
    assert post(eva, url, url, SITE).status_code == 303
    assert (site().latitude, site().longitude, site().email) == (
        45.4826,
        9.1846,
        "mhuma@example.org",
    )
    page = client.get("/sites/mhuma").text
    assert "Workshops" in page
    assert "mailto:mhuma@example.org" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "This field must be filled in."),
        ({"zone": "Europe/Atlantis"}, "is not one of the choices"),
        ({"zone": "../../etc/passwd"}, "is not one of the choices"),
        ({"latitude": "north"}, "Write degrees"),
        ({"latitude": "400"}, "Write degrees"),
        ({"email": "nobody"}, "not an e-mail address"),
        ({"name": "x" * 121}, "This is too long."),
    ],
)
def test_a_wrong_description_is_refused_and_kept(
    app: Flask, world: World, changes: dict[str, str], sentence: str
) -> None:
    eva, url = world.browser(app, "eva"), "/sites/mhuma/edit"
    answer = post(eva, url, url, SITE | {"phone": "typed <kept>"} | changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "typed &lt;kept&gt;" in answer.text
    assert site().phone == ""


def test_opening_hours_are_typed_as_text(app: Flask, world: World, client: FlaskClient) -> None:
    eva, url = world.browser(app, "eva"), "/sites/mhuma/hours"
    assert eva.get(url).text.count('value="08:00-20:00"') == 7
    typed = {
        "day_0": "9:00-13:00, 14:00-18:30",
        "day_1": "9-13; 14.30–18",
        "day_2": "",
        "day_3": "closed",
        "day_4": "20:00 - 02:00",
        "day_5": "0:00-24:00",
        "day_6": " chiuso ",
    }
    saved = post(eva, url, url, typed, follow_redirects=True)
    assert "Open past midnight on: Friday." in saved.text
    assert hours() == [
        (0, 540, 780),
        (0, 840, 1110),
        (1, 540, 780),
        (1, 870, 1080),
        (4, 1200, 1560),
        (5, 0, 1440),
    ]
    page = client.get("/sites/mhuma").text
    assert "09:00–13:00, 14:00–18:30" in page
    assert "20:00–02:00 (the next day)" in page
    form = eva.get(url).text
    assert 'value="20:00-02:00"' in form
    assert 'value="00:00-24:00"' in form


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("9 to 5", "cannot be read"),
        ("9:00-13:00 14:00-18:00", "cannot be read"),
        ("9:00-25:00", "no clock shows"),
        ("9:75-10:00", "no clock shows"),
        ("9:00-9:00", "ends when it starts"),
        ("24:00-2:00", "ends when it starts"),
        ("9-14, 13-18", "overlap"),
        ("<b>", "cannot be read"),
        ("²-3", "cannot be read"),
    ],
)
def test_hours_that_cannot_be_read_are_said_at_their_day(
    app: Flask, world: World, text: str, sentence: str
) -> None:
    eva, url = world.browser(app, "eva"), "/sites/mhuma/hours"
    before = hours()
    answer = post(eva, url, url, {"day_2": text, "day_3": "10-12"})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'id="day_2-error"' in answer.text
    assert 'value="10-12"' in answer.text
    assert hours() == before


def test_a_closure_is_set_seen_and_taken_back(
    app: Flask, world: World, client: FlaskClient
) -> None:
    services.book(
        Book(machines=("printer",), slot=slot(10, 11)),
        actor=world.actor("alice", clock.now()),
        now=clock.now(),
    )
    bob, url = world.browser(app, "bob"), "/sites/mhuma/closures"
    data = {
        "starts_at": "2026-11-24T09:30",
        "ends_at": "2026-11-24T12:00",
        "space": "",
        "reason": "Fire <drill>",
    }
    asked = post(bob, url, url, data)
    assert asked.status_code == 200
    assert "One booking is in the way." in asked.text
    assert closures() == []
    done = post(bob, url, url, data | left_as_they_are(asked.text), follow_redirects=True)
    assert "One booking stands." in done.text
    assert [(c.starts_at, c.ends_at) for c in closures()] == [(at(9.5), at(12))]
    assert "Fire &lt;drill&gt;" in client.get("/sites/mhuma").text
    again = f"{url}/{closures()[0].id}/reopen"
    assert post(world.browser(app, "dora"), "/machines", again).status_code == 403
    elsewhere = again.replace("mhuma", "smart-city-lab")
    assert post(world.browser(app, "dora"), "/machines", elsewhere).status_code == 404
    assert post(bob, url, again).status_code == 303
    assert closures() == []
    assert post(bob, url, again).status_code == 404
    assert post(bob, url, f"{url}/99999999999999999999/reopen").status_code == 404


def test_a_space_alone_is_closed(app: Flask, world: World) -> None:
    space = reading().scalars(select(Space).where(Space.site_id == world.sites["mhuma"])).one()
    bob, url = world.browser(app, "bob"), "/sites/mhuma/closures"
    data = {
        "starts_at": "2026-11-24T09:00",
        "ends_at": "2026-11-24T12:00",
        "space": str(space.id),
        "reason": "Painting",
    }
    assert post(bob, url, url, data).status_code == 303
    assert closures()[0].space_id == space.id
    assert post(bob, url, url, data | {"space": "9999"}).status_code == 422


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"starts_at": ""}, "This field must be filled in."),
        ({"starts_at": "tomorrow"}, "Write a date and a time"),
        ({"starts_at": "9999-12-31T23:59"}, "Write a date and a time"),
        ({"starts_at": "2026-11-24T10:00+01:00"}, "Write a date and a time"),
        ({"ends_at": "2026-11-24T09:00"}, "The end must come after the start."),
        ({"reason": "  "}, "This field must be filled in."),
        (
            {"starts_at": "2027-03-28T02:30", "ends_at": "2027-03-29T02:30"},
            "the clocks skip 02:30. The next time that exists is 03:30.",
        ),
    ],
)
def test_a_wrong_closure_is_refused_and_kept(
    app: Flask, world: World, changes: dict[str, str], sentence: str
) -> None:
    bob, url = world.browser(app, "bob"), "/sites/mhuma/closures"
    data = {
        "starts_at": "2026-11-24T10:00",
        "ends_at": "2026-11-24T12:00",
        "space": "",
        "reason": "Kept",
    } | changes
    answer = post(bob, url, url, data)
    assert answer.status_code == 422
    assert sentence in answer.text
    if changes.get("starts_at"):
        assert f'value="{changes["starts_at"]}"' in answer.text
    assert closures() == []


def test_a_time_that_happens_twice_means_the_first_and_says_so(
    app: Flask, world: World, wall_clock: dict[str, datetime]
) -> None:
    wall_clock["now"] = datetime.fromisoformat("2026-10-20T08:00+00:00")
    bob, url = world.browser(app, "bob"), "/sites/mhuma/closures"
    data = {
        "starts_at": "2026-10-25T02:30",
        "ends_at": "2026-10-25T12:00",
        "space": "",
        "reason": "Night",
    }
    done = post(bob, url, url, data, follow_redirects=True)
    assert "the clock shows 02:30 twice" in done.text
    assert closures()[0].starts_at == datetime.fromisoformat("2026-10-25T00:30+00:00")


def test_spaces_are_added_and_described(app: Flask, world: World) -> None:
    eva, url = world.browser(app, "eva"), "/sites/mhuma/spaces"
    assert (
        post(
            eva, url, url, {"name": "Falegnameria", "capacity": "6", "description": ""}
        ).status_code
        == 303
    )
    assert "Falegnameria" in eva.get(url).text
    refused = post(eva, url, url, {"name": "Kept & named", "capacity": "0"})
    assert refused.status_code == 422
    assert "This must lie between 1 and 10000" in refused.text
    assert "Kept &amp; named" in refused.text
    one = f"{url}/falegnameria"
    assert (
        post(eva, one, one, {"name": "Legno", "capacity": "8", "description": "Saws"}).status_code
        == 303
    )
    reading().rollback()
    space = reading().scalars(select(Space).where(Space.slug == "falegnameria")).one()
    assert (space.name, space.capacity, space.description) == ("Legno", 8, "Saws")
    assert eva.get(f"{url}/nowhere").status_code == 404
    assert eva.get("/sites/smart-city-lab/spaces/falegnameria").status_code == 404


def test_forms_need_their_token(app: Flask, world: World) -> None:
    eva = world.browser(app, "eva")
    csrf_token(eva, "/sites/mhuma/edit")
    assert eva.post("/sites/mhuma/edit", data=SITE).status_code == 400
    assert site().address == "via Prova 1"
