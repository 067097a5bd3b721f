"""The inventory in the browser: looking, editing, importing, on both engines."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.machines.inventory import COLUMNS
from labops.domain.machines.models import Machine
from labops.domain.machines.services import set_state
from labops.domain.machines.states import MachineState
from labops.kernel import clock
from labops.kernel.db import reading
from tests.support.forms import post
from tests.support.world import NOW, World, at, slot

FIELDS = {
    "name": "Laser grande",
    "machine_type": "laser",
    "process_id": "",
    "maker": "Trotec",
    "model": "Speedy 400",
    "serial": "SP400-2231",
    "width_mm": "1000",
    "depth_mm": "609,6",
    "height_mm": "",
    "materials": "plywood, mdf; felt",
    "capacity": "1",
    "setup_minutes": "5",
    "cleanup_minutes": "15",
    "certification_needed": "y",
    "space": "",
    "description": "Line one\nLine two",
}
IMPORT = "/sites/mhuma/machines/import"
GOOD = """name,machine_type,maker,width_mm,capacity
Trotec Speedy 300,laser,Trotec,726,1
Prusa XL,printer-fdm,Prusa Research,360,1
Laser,laser,Epilog,610,1
"""
BAD = """name,machine_type,width_mm,capacity
Good one,laser,100,1
,laser,100,1
Third,teleporter,100,1
Fourth,laser,wide,0
"""


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


def machine(slug: str) -> Machine:
    """Return a machine as it stands in the database."""
    reading().rollback()
    return reading().scalars(select(Machine).where(Machine.slug == slug)).one()


def count() -> int:
    """Return how many machines there are."""
    reading().rollback()
    return reading().scalar(select(func.count()).select_from(Machine)) or 0


def test_everybody_finds_machines_by_site_process_and_words(
    client: FlaskClient, world: World
) -> None:
    page = client.get("/machines").text
    assert "6 machines." in page
    assert "Free now" in page
    assert "Download as CSV" not in page
    assert "3 machines." in client.get("/machines?site=mhuma").text
    assert "2 machines." in client.get("/machines?process=fdm").text
    assert "One machine." in client.get("/machines?site=mhuma&process=fdm&q=print").text
    nothing = client.get("/machines?q=submarine&site=mhuma")
    assert "No machine fits" in nothing.text
    assert 'value="submarine"' in nothing.text


@pytest.mark.parametrize(
    "query",
    [
        "site=%00",
        "q=%00%25_",
        "process=x",
        "page=0",
        "page=99999999999",
        "page=-1",
        "site=" + "x" * 5000,
    ],
)
def test_any_filter_gets_an_answer(client: FlaskClient, world: World, query: str) -> None:
    assert client.get(f"/machines?{query}").status_code == 200


def test_the_page_of_a_machine_says_what_it_needs_and_when_it_is_taken(
    app: Flask, client: FlaskClient, world: World, wall_clock: dict[str, datetime]
) -> None:
    services.book(
        Book(machines=("laser",), slot=slot(10, 11), note="secret note"),
        actor=world.actor("alice", clock.now()),
        now=clock.now(),
    )
    page = client.get("/machines/laser").text
    assert "Free now" in page
    # With fifteen minutes of clean-up, and without a name.
    assert "Taken: 10:00–11:15." in re.sub(r"<[^>]+>", "", page)
    assert "Alice" not in page
    assert "secret" not in page
    assert "/bookings/new?machine=laser" in page
    assert "Certification: Laser" in page
    assert "A booking lasts from 30 min to 2 h" in page
    # Before ten there is no room: half past nine plus clean-up would reach into the booking.
    assert "Next free time: Tue 24 Nov, 11:30–20:00" in page
    wall_clock["now"] = at(10.5)
    busy = client.get("/machines/laser").text
    assert "In use" in busy
    assert "Until Tue 24 Nov, 11:15" in busy
    assert client.get("/machines/nothing").status_code == 404
    assert client.get("/machines/a%00b").status_code == 404
    assert client.get("/machines/laser?date=2026-12-01").status_code == 200
    assert client.get("/machines/laser?date=9999-99-99").status_code == 200
    assert client.get("/machines/laser?date=9999-12-31").status_code == 200


def test_each_reader_learns_what_is_missing(app: Flask, client: FlaskClient, world: World) -> None:
    def text(who: str) -> str:
        return str(world.browser(app, who).get("/machines/laser").text)

    assert text("alice").count("You have it.") == 2
    charlie = text("charlie")
    assert charlie.count("You have it.") == 1
    assert "Ask staff of the site to show you the machine." in charlie
    assert "Ask staff of the site to become a member." in text("nina")
    assert "You work there." in text("bob")
    assert "You have it" not in client.get("/machines/laser").text


def test_an_out_of_service_machine_says_why_to_everybody(client: FlaskClient, world: World) -> None:
    set_state(
        "laser",
        MachineState.OUT_OF_SERVICE,
        reason="Lens <cracked>",
        actor=world.actor("bob"),
        now=NOW,
    )
    page = client.get("/machines/laser").text
    assert "Out of service" in page
    assert "Lens &lt;cracked&gt;" in page
    assert "/bookings/new" not in page


def test_staff_put_a_machine_out_of_service_with_a_reason_and_back(
    app: Flask, world: World
) -> None:
    bob, url = world.browser(app, "bob"), "/machines/laser/state"
    refused = post(bob, "/machines/laser", url, {"state": "out_of_service", "reason": " "})
    assert refused.status_code == 422
    assert "This field must be filled in." in refused.text
    assert machine("laser").state == "in_service"
    assert (
        post(bob, "/machines/laser", url, {"state": "out_of_service", "reason": "Lens"}).status_code
        == 303
    )
    assert (machine("laser").state, machine("laser").state_reason) == ("out_of_service", "Lens")
    assert post(bob, "/machines/laser", url, {"state": "in_service"}).status_code == 303
    assert machine("laser").state == "in_service"
    assert post(bob, "/machines/laser", url, {"state": "on fire"}).status_code == 422
    assert post(bob, "/machines/laser", url, {"state": "retired"}).status_code == 303
    assert "Laser" not in bob.get("/machines?site=mhuma&q=laser").text.split("</form>")[-1]


@pytest.mark.parametrize(
    ("who", "status"), [(None, 401), ("alice", 403), ("dora", 403), ("bob", 200), ("eva", 200)]
)
@pytest.mark.parametrize("url", ["/machines/laser/edit", "/sites/mhuma/machines/new", IMPORT])
def test_only_staff_of_the_site_reach_the_forms(
    app: Flask, world: World, client: FlaskClient, who: str | None, status: int, url: str
) -> None:
    asking = world.browser(app, who) if who else client
    assert asking.get(url).status_code == status
    if status != 200:
        assert post(asking, "/machines" if who else "/sign-in", url, FIELDS).status_code == status
    assert machine("laser").name == "Laser"


def test_staff_edit_every_field(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    assert post(bob, "/machines/laser/edit", "/machines/laser/edit", FIELDS).status_code == 303
    found = machine("laser")
    assert (found.name, found.maker, found.model, found.serial) == (
        "Laser grande",
        "Trotec",
        "Speedy 400",
        "SP400-2231",
    )
    assert (found.width_mm, found.depth_mm, found.height_mm) == (1000, 609.6, None)
    assert found.materials == ["plywood", "mdf", "felt"]
    assert (found.setup_minutes, found.cleanup_minutes, found.certification_needed) == (5, 15, True)
    assert found.process == "laser_cutting"
    form = bob.get("/machines/laser/edit").text
    assert 'value="609.6"' in form
    assert "plywood, mdf, felt" in form
    page = bob.get("/machines/laser").text
    assert "1000 × 609.6 mm" in page
    assert "SP400-2231" in page
    assert "SP400-2231" not in world.browser(app, "alice").get("/machines/laser").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "This field must be filled in."),
        ({"name": "\x00 \x01"}, "This field must be filled in."),
        ({"width_mm": "wide"}, "Write millimetres as a number"),
        ({"width_mm": "nan"}, "Write millimetres as a number"),
        ({"width_mm": "999999999"}, "This must lie between"),
        ({"capacity": "-1"}, "Write a whole number"),
        ({"capacity": "0"}, "This must lie between"),
        ({"capacity": "9" * 40}, "Write a whole number"),
        ({"cleanup_minutes": "100000"}, "This must lie between"),
        ({"machine_type": "teleporter"}, "is not one of the choices"),
        ({"process_id": "magic"}, "is not one of the choices"),
        ({"space": "smart-city-lab-officina"}, "is not one of the choices"),
        ({"maker": "x" * 81}, "This is too long."),
    ],
)
def test_wrong_fields_are_named_and_what_was_typed_stays(
    app: Flask, world: World, changes: dict[str, str], sentence: str
) -> None:
    bob, url = world.browser(app, "bob"), "/machines/laser/edit"
    answer = post(bob, url, url, FIELDS | {"serial": "typed & kept"} | changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "typed &amp; kept" in answer.text
    assert machine("laser").serial == ""


def test_staff_add_a_machine(app: Flask, world: World) -> None:
    url = "/sites/mhuma/machines/new"
    added = post(world.browser(app, "bob"), url, url, FIELDS)
    assert (added.status_code, added.location) == (303, "/machines/laser-grande")
    assert machine("laser-grande").site_id == world.sites["mhuma"]
    refused = post(world.browser(app, "bob"), url, url, FIELDS | {"capacity": ""})
    assert refused.status_code == 422


def test_the_export_holds_the_machines_of_ones_own_sites(
    app: Flask, world: World, client: FlaskClient
) -> None:
    assert client.get("/machines.csv").status_code == 401
    assert world.browser(app, "alice").get("/machines.csv").status_code == 403

    def lines(who: str, query: str = "") -> list[dict[str, Any]]:
        answer = world.browser(app, who).get(f"/machines.csv{query}")
        assert answer.mimetype == "text/csv"
        return list(csv.DictReader(io.StringIO(answer.text)))

    assert {line["slug"] for line in lines("bob")} == {"laser", "printer", "benches"}
    assert {line["slug"] for line in lines("dora")} == {"laser-scl", "printer-scl", "benches-scl"}
    assert len(lines("eva")) == 6
    assert len(lines("eva", "?process=fdm")) == 2
    assert tuple(lines("bob")[0]) == COLUMNS


def test_an_inventory_is_looked_at_first_and_then_imported(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    looked = post(bob, IMPORT, IMPORT, {"text": GOOD, "act": "check"})
    assert looked.status_code == 200
    assert "2 machines would be added" in looked.text
    assert "one changed." in looked.text
    assert (count(), machine("laser").maker) == (6, "")
    upload = {"file": (io.BytesIO(GOOD.encode("utf-8-sig")), "machines.csv"), "act": "check"}
    assert "2 machines would be added" in post(bob, IMPORT, IMPORT, upload).text
    done = post(bob, IMPORT, IMPORT, {"text": GOOD, "act": "import"}, follow_redirects=True)
    assert "Imported: 2 machines added, 1 changed." in done.text
    assert (count(), machine("laser").maker) == (8, "Epilog")


def test_what_was_exported_is_imported_without_a_change(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    text = bob.get("/machines.csv").text
    assert "mhuma-officina" in text
    looked = post(bob, IMPORT, IMPORT, {"text": text, "act": "import"}, follow_redirects=True)
    assert "Imported: 0 machines added, 3 changed." in looked.text
    assert bob.get("/machines.csv").text == text


def test_three_bad_rows_import_nothing_and_are_named(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    for act in ("check", "import"):
        refused = post(bob, IMPORT, IMPORT, {"text": BAD, "act": act})
        assert refused.status_code == 422
        table = refused.text.split("<tbody>")[1].split("</tbody>")[0]
        cells = [cell.split(">")[1].split("<")[0] for cell in table.split("<td")[1:]]
        named = set(zip(cells[::3], cells[1::3], strict=True))
        assert ("5", "width_mm") in named
        assert "so nothing was imported" in refused.text
        assert "Good one" in refused.text
    assert count() == 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "colour\nred\n",
        'name,machine_type\n"unclosed',
        "name;machine_type\n",
        "\x00",
        "name,machine_type\nx,laser,surplus\n",
        "name\n" + "x" * 140_000,
    ],
)
def test_unreadable_inventories_are_refused_in_words(app: Flask, world: World, text: str) -> None:
    answer = post(world.browser(app, "bob"), IMPORT, IMPORT, {"text": text, "act": "check"})
    assert answer.status_code in {200, 422}
    assert count() == 6


def test_a_file_that_is_not_utf8_is_refused_in_words(app: Flask, world: World) -> None:
    upload = {
        "file": (io.BytesIO("name,machine_type\nBanco nº1,bench\n".encode("cp1252")), "x.csv")
    }
    answer = post(world.browser(app, "bob"), IMPORT, IMPORT, upload)
    assert answer.status_code == 422
    assert "not UTF-8" in answer.text


def test_two_hundred_machines_are_imported_by_page(app: Flask, world: World) -> None:
    text = "name,machine_type,maker\n" + "".join(
        f"Prusa MK4S {n},printer-fdm,Prusa\n" for n in range(220)
    )
    bob = world.browser(app, "bob")
    assert (
        "220 machines would be added"
        in post(bob, IMPORT, IMPORT, {"text": text, "act": "check"}).text
    )
    assert post(bob, IMPORT, IMPORT, {"text": text, "act": "import"}).status_code == 303
    page = bob.get("/machines?site=mhuma&q=prusa&page=4").text
    assert "220 machines." in page
    assert 'aria-current="page" aria-label="Page 4"' in page


def test_the_state_follows_the_clock(
    client: FlaskClient, world: World, wall_clock: dict[str, datetime]
) -> None:
    wall_clock["now"] = at(23)
    page = client.get("/machines/laser").text
    assert "Free now" not in page
    assert "In service" in page
