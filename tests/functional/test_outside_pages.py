"""Outside calendars in the browser: following one, deciding on what it proposes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from labops.adapters import outside as visits
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.closures.models import Closure, OutsideCalendar
from labops.domain.spaces.models import Space
from labops.kernel import clock
from labops.kernel.db import reading
from tests.support.calendars import calendar, days, span
from tests.support.forms import post
from tests.support.strange_servers import rules_for, says, strange_server
from tests.support.world import World, at, slot

LIST = "/sites/mhuma/closures/calendars"
FORM = {"name": "Scuola", "address": "", "space": ""}
CHRISTMAS = days("christmas", date(2026, 12, 24), date(2027, 1, 7), "Vacanze <b>")
CARNIVAL = days("carnival", date(2027, 2, 12), date(2027, 2, 15), "Carnevale")
EASTER = days("easter", date(2027, 3, 25), date(2027, 3, 31), "Pasqua")


@pytest.fixture(autouse=True)
def wall_clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    """Hold the clock at ten past nine on a Tuesday in Milan; tests move it by `["now"]`."""
    hands = {"now": at(9 + 10 / 60)}
    monkeypatch.setattr(clock, "now", lambda: hands["now"])
    return hands


@pytest.fixture
def bob(app: Flask, world: World) -> FlaskClient:
    """Return the browser of MHUMA's staff."""
    return world.browser(app, "bob")


def ics(*events: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(calendar(*events)), "school.ics"


def follow(bob: FlaskClient, *events: str, **form: object) -> TestResponse:
    """Follow a file and show its page."""
    data = FORM | {"file": ics(*events)} | form
    return post(bob, LIST, LIST, data, content_type="multipart/form-data", follow_redirects=True)


def page() -> str:
    """Return the address of the newest calendar's page."""
    reading().rollback()
    uids = select(OutsideCalendar.uid).order_by(OutsideCalendar.id.desc())
    return f"{LIST}/{reading().scalars(uids).first()}"


def decide(bob: FlaskClient, act: str, *keys: str, **form: str) -> TestResponse:
    text = bob.get(page()).text
    revision = re.search(r'name="revision" value="(\d+)"', text)
    assert revision
    data = {"act": act, "proposal": list(keys), "revision": revision[1]} | form
    return post(bob, page(), f"{page()}/decide", data, follow_redirects=True)


def keys_of(text: str) -> list[str]:
    return re.findall(r'name="proposal" value="([0-9a-f]+)"', text)


def closures() -> list[str]:
    reading().rollback()
    return list(reading().scalars(select(Closure.reason).order_by(Closure.starts_at)))


def test_a_file_is_followed_looked_at_and_decided(bob: FlaskClient, world: World) -> None:
    assert "No calendars yet" in bob.get(LIST).text
    shown = follow(bob, CHRISTMAS, CARNIVAL, EASTER).text
    assert "3 proposals" in shown
    assert "Thu 24 Dec 2026–Wed 6 Jan 2027" in shown
    assert "Vacanze &lt;b&gt;" in shown
    assert closures() == []
    assert "3 proposed closures wait for you" in bob.get("/sites/mhuma/closures").text
    assert "3 proposed closures wait for you" in bob.get("/today?site=mhuma").text
    first, second, _third = keys_of(shown)
    assert "One proposal accepted." in decide(bob, "accept-ticked", first).text
    assert "One proposal ignored." in decide(bob, "ignore-ticked", second).text
    done = decide(bob, "accept-all").text
    assert "Nothing to decide" in done
    assert "One entry is ignored." in done
    assert closures() == ["Vacanze <b>", "Pasqua"]
    again = post(bob, page(), f"{page()}/reconsider", follow_redirects=True).text
    assert "Carnevale" in again
    dropped = post(bob, page(), f"{page()}/drop", follow_redirects=True).text
    assert "Its accepted closures stay." in dropped
    assert closures() == ["Vacanze <b>", "Pasqua"]


def test_each_proposal_shows_the_bookings_in_its_way(bob: FlaskClient, world: World) -> None:
    uids = [
        services.book(
            Book(machines=(machine,), slot=slot(hour, hour + 1)),
            actor=world.actor("alice", clock.now()),
            now=clock.now(),
        )
        for machine, hour in (("printer", 10), ("benches", 12), ("printer", 17))
    ]
    shown = follow(bob, span("a", at(9), at(13)), span("b", at(14), at(16)), CHRISTMAS).text
    assert "2 stand:" in shown
    assert [f'href="/bookings/{uid}"' in shown for uid in uids] == [True, True, False]
    decide(bob, "accept-all")
    assert all(bob.get(f"/bookings/{uid}").text.count("Confirmed") for uid in uids)


def test_a_space_alone_meets_only_its_own_bookings(bob: FlaskClient, world: World) -> None:
    services.book(
        Book(machines=("printer",), slot=slot(10, 11)),
        actor=world.actor("alice", clock.now()),
        now=clock.now(),
    )
    mhuma = world.sites["mhuma"]
    space = reading().scalars(select(Space).where(Space.site_id == mhuma)).one()
    shown = follow(bob, span("a", at(9), at(13)), space=str(space.id)).text
    assert "One stands:" in shown
    assert "closures of MHUMA officina" in shown
    decide(bob, "accept-all")
    reading().rollback()
    assert reading().scalars(select(Closure.space_id)).one() == space.id


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": ""}, "This field must be filled in."),
        ({"file": None}, "Give an address or a file."),
        ({"address": "https://example.org/a.ics"}, "Give only one of the two."),
        ({"file": None, "address": "ftp://example.org/"}, "must begin with https://"),
        ({"file": None, "address": "https://u:p@example.org/"}, "holds a name or a password"),
        ({"file": None, "address": "https://example.org:8443/"}, "a port other than 80 and 443"),
        ({"file": None, "address": "https://exa mple.org/"}, "This address cannot be used."),
        ({"file": b"hello"}, "This is no calendar"),
        ({"space": "9999"}, "Choose one from the list."),
    ],
)
def test_a_wrong_form_is_refused_and_kept(
    bob: FlaskClient, world: World, form: dict[str, object], sentence: str
) -> None:
    data = {**FORM, "name": "Kept & named", "file": ics(CHRISTMAS)} | form
    data = {name: value for name, value in data.items() if value is not None}
    if data.get("file") == b"hello":
        data["file"] = (io.BytesIO(b"hello"), "a.ics")
    answer = post(bob, LIST, LIST, data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert sentence in answer.text
    if form.get("name") != "":
        assert 'value="Kept &amp; named"' in answer.text
    assert reading().scalars(select(OutsideCalendar)).first() is None


def test_a_private_address_is_followed_by_nothing_but_a_sentence(
    bob: FlaskClient, world: World
) -> None:
    data = FORM | {"address": "http://127.1/calendar.ics"}
    shown = post(bob, LIST, LIST, data, follow_redirects=True).text
    assert "127.1 is not on the public internet, so it is not asked." in shown
    assert "The calendar is followed." not in shown
    assert "Cannot be read" in bob.get(LIST).text


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Return the address of a school's calendar that breaks after the first visit."""
    answers = [
        says("200 OK", body=calendar(CHRISTMAS, CARNIVAL, EASTER)),
        says("200 OK", body=calendar(CARNIVAL)),
        says("503 Service Unavailable"),
    ]
    with strange_server(lambda connection, head: answers.pop(0)(connection, head)) as server:
        monkeypatch.setattr(visits, "RULES", rules_for(server))
        yield server.address("/secret-part.ics")


def test_an_address_is_read_now_held_back_and_out_of_order(
    bob: FlaskClient, world: World, address: str, wall_clock: dict[str, datetime]
) -> None:
    shown = post(bob, LIST, LIST, FORM | {"address": address}, follow_redirects=True).text
    assert "3 proposals" in shown
    assert "secret-part" not in shown
    assert "secret-part" not in bob.get(LIST).text
    decide(bob, "accept-all")
    wall_clock["now"] += timedelta(hours=1)
    shown = post(bob, page(), f"{page()}/visit", follow_redirects=True).text
    assert "2 entries vanished from the calendar at once, a large part of it." in shown
    assert keys_of(shown) == []
    assert "Held back" in bob.get(LIST).text
    wall_clock["now"] += timedelta(hours=1)
    shown = post(bob, page(), f"{page()}/visit", follow_redirects=True).text
    assert "The server answered with an error (503)." in shown
    assert "It has not been readable since Tue 24 Nov, 11:10." in shown
    shown = post(bob, page(), f"{page()}/believe", follow_redirects=True).text
    assert len(keys_of(shown)) == 2
    assert len(closures()) == 3
    decide(bob, "accept-all")
    assert closures() == ["Carnevale"]


def test_a_newer_file_shows_what_changed(
    bob: FlaskClient, world: World, wall_clock: dict[str, datetime]
) -> None:
    follow(bob, CHRISTMAS, CARNIVAL)
    decide(bob, "accept-all")
    wall_clock["now"] += timedelta(hours=1)
    url = f"{page()}/visit"
    for wrong, sentence in (
        ({}, "must be filled in"),
        ({"file": (io.BytesIO(b"x"), "a")}, "no cal"),
    ):
        refused = post(bob, page(), url, wrong, content_type="multipart/form-data")
        assert refused.status_code == 422
        assert sentence in refused.text
    newer = ics(days("christmas", date(2026, 12, 20), date(2027, 1, 7), "Vacanze <b>"), CARNIVAL)
    data = {"file": newer}
    shown = post(
        bob, page(), url, data, content_type="multipart/form-data", follow_redirects=True
    ).text
    assert "until now: Thu 24 Dec 2026–Wed 6 Jan 2027, Vacanze &lt;b&gt;" in shown
    assert "Sun 20 Dec 2026–Wed 6 Jan 2027" in shown


def test_a_decision_needs_a_tick_and_the_calendar_as_it_was_shown(
    bob: FlaskClient, world: World
) -> None:
    follow(bob, CHRISTMAS)
    nothing = decide(bob, "accept-ticked")
    assert nothing.status_code == 422
    assert "Tick at least one proposal." in nothing.text
    assert decide(bob, "burn-all").status_code == 422
    stale = decide(bob, "accept-all", revision="1")
    assert stale.status_code == 409
    assert "The calendar changed meanwhile" in stale.text
    assert decide(bob, "accept-all", revision="x").status_code == 409
    assert closures() == []


def test_public_holidays_are_proposed_from_the_site_s_own_days(
    app: Flask, bob: FlaskClient, world: World
) -> None:
    eva, url = world.browser(app, "eva"), "/sites/mhuma/edit"
    form = {
        "name": "MHUMA",
        "address": "a",
        "city": "b",
        "zone": "Europe/Rome",
        "country": "IT",
        "subdivision": "MI",
        "local_holidays": "12-10 Fiera\r\n",
    }
    wrong = post(eva, url, url, form | {"local_holidays": "7/12 Sant'Ambrogio"})
    assert wrong.status_code == 422
    assert "Write month and day, then the name" in wrong.text
    assert post(eva, url, url, form | {"subdivision": "XX"}).status_code == 422
    assert post(eva, url, url, form).status_code == 303
    assert "Sant&#39;Ambrogio" in bob.get(LIST).text
    holidays = "/sites/mhuma/closures/holidays"
    shown = post(bob, LIST, holidays, {"year": "2026"}, follow_redirects=True).text
    assert "Public holidays 2026" in shown
    assert "5 proposals" in shown
    decide(bob, "accept-all")
    assert closures() == [
        *("Sant'Ambrogio", "Immacolata Concezione", "Fiera", "Natale", "Santo Stefano"),
    ]
    assert post(bob, LIST, holidays, {"year": "1999"}).status_code == 422
    assert post(bob, page(), f"{page()}/visit").status_code == 404


def test_a_calendar_of_another_site_is_not_there(
    app: Flask, bob: FlaskClient, world: World
) -> None:
    follow(bob, CHRISTMAS)
    dora = world.browser(app, "dora")
    assert dora.get(page()).status_code == 403
    elsewhere = page().replace("mhuma", "smart-city-lab")
    assert dora.get(elsewhere).status_code == 404
    for act in ("decide", "visit", "believe", "reconsider", "drop"):
        form = {"act": "accept-all", "revision": "2"}
        assert post(dora, "/profile", f"{elsewhere}/{act}", form).status_code == 404
        assert post(dora, "/profile", f"{page()}/{act}", form).status_code == 403
    assert bob.get(f"{LIST}/nonsense").status_code == 404
    assert bob.get(f"{LIST}/%00").status_code == 404
    assert closures() == []


def test_many_proposals_come_in_pages(bob: FlaskClient, world: World) -> None:
    first = date(2026, 12, 1)
    follow(bob, *(days(str(n), first + timedelta(n), first + timedelta(n + 1)) for n in range(120)))
    counts = [len(keys_of(bob.get(f"{page()}?page={n}").text)) for n in (1, 2, 3, 4)]
    assert counts == [50, 50, 20, 20]
    assert "120 proposals accepted." in decide(bob, "accept-all").text
    assert len(closures()) == 120
