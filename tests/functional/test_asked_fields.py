"""What house rules want to be told: asked for in the forms, judged by the rules, shown afterwards."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import update

from labops.domain.bookings.models import Booking
from labops.domain.house_rules.services import SaveRules, add_version
from labops.domain.house_rules.values import Level
from labops.domain.spaces.models import Space
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.world import World, next_slot

NEW = "/bookings/new?site=mhuma"
BOOKINGS = "/api/v1/bookings"
ROME = ZoneInfo("Europe/Rome")
FIELDS = [
    {"name": "material", "values": ["MDF", "Acrylic", "PVC"], "excluded": ["PVC"]},
    {"name": "purpose", "required": False, "excluded": ["weapons"]},
]


def ask(world: World) -> None:
    """Let the laser ask for a material and a purpose, and its space count people."""
    with unit_of_work() as session:
        rules = SaveRules(
            site_id=world.sites["mhuma"],
            data={"longest_minutes": 120, "fields": FIELDS},
            level=Level.CATEGORY,
            key="laser",
        )
        add_version(session, rules, actor=SYSTEM, now=clock.now())
        session.execute(update(Space).values(people_capacity=3))


def typed(**changes: Any) -> dict[str, Any]:
    local = next_slot(10).starts_at.astimezone(ROME)
    return {
        "machines": ["laser"],
        "date": local.date().isoformat(),
        "start": local.strftime("%H:%M"),
        "length": "60",
        **changes,
    }


def wish(**more: Any) -> dict[str, Any]:
    slot = next_slot(10)
    return {
        "machine": "laser",
        "starts_at": slot.starts_at.isoformat(),
        "ends_at": slot.ends_at.isoformat(),
        **more,
    }


def test_the_fields_appear_with_the_machine_and_without_a_script(app: Flask, world: World) -> None:
    ask(world)
    alice = world.browser(app, "alice")
    assert 'name="said-material"' not in alice.get(NEW).text
    assert 'name="said-material"' in alice.get("/bookings/new?machine=laser").text
    page = post(alice, NEW, "/bookings/new", typed(act="choose", note="keep me")).text
    assert "<select" in page[page.index('for="said-material"') :]
    assert "PVC" not in page  # a value that cannot be chosen is not offered
    assert "Not possible: weapons." in page
    assert "The space holds 3." in page
    assert "keep me" in page
    printer = post(alice, NEW, "/bookings/new", typed(act="choose", machines=["printer"])).text
    assert "said-material" not in printer


def test_what_was_not_said_is_asked_for_and_what_was_typed_stays(app: Flask, world: World) -> None:
    ask(world)
    alice = world.browser(app, "alice")
    answer = post(alice, NEW, "/bookings/new", typed(**{"said-purpose": "a sign", "people": "2"}))
    assert answer.status_code == 409
    assert answer.text.count("For Laser you have to say: material.") >= 2  # above and at the field
    assert 'href="#said-material"' in answer.text
    assert 'value="a sign"' in answer.text
    assert 'value="2"' in answer.text
    excluded = typed(**{"said-material": "PVC"})
    assert "cannot be used with “PVC”" in post(alice, NEW, "/bookings/new", excluded).text
    wrong = post(alice, NEW, "/bookings/new", typed(people="many"))
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.text
    crowd = post(alice, NEW, "/bookings/new", typed(people="999", **{"said-material": "MDF"}))
    assert crowd.status_code == 422


def test_what_was_said_is_kept_and_shown(app: Flask, world: World) -> None:
    ask(world)
    alice = world.browser(app, "alice")
    said = {"said-material": "mdf", "said-purpose": "a <b>sign</b>", "people": "2"}
    answer = post(alice, NEW, "/bookings/new", typed(**said))
    assert answer.status_code == 303
    page = alice.get(answer.headers["Location"]).text
    assert "mdf" in page
    assert "a &lt;b&gt;sign&lt;/b&gt;" in page
    booking = reading().query(Booking).one()
    assert (booking.people_count, booking.fields["material"]) == (2, "mdf")
    full = post(alice, NEW, "/bookings/new", typed(machines=["printer"], people="2"))
    assert "The site is full at that time." in full.text


def test_a_step_carries_along_what_was_said(app: Flask, world: World) -> None:
    ask(world)
    alice = world.browser(app, "alice")
    said = {"said-material": "MDF", "people": "2"}
    page = post(alice, NEW, "/bookings/new", typed(length="240", **said)).text
    assert "said-material=MDF" in page
    assert "people=2" in page


def test_the_api_takes_and_gives_them(app: Flask, world: World) -> None:
    ask(world)
    client, headers = app.test_client(), world.headers("alice")
    refused = client.post(BOOKINGS, json=wish(), headers=headers)
    assert refused.status_code == 409
    reason = refused.get_json()["reasons"][0]
    assert (reason["code"], reason["fix"]) == ("field.required", "field:material")
    assert reason["fix_url"].endswith("#said-material")
    body = wish(people=3, fields={"material": "MDF"})
    made = client.post(BOOKINGS, json=body, headers=headers)
    assert made.status_code == 201
    shown = client.get(made.headers["Location"], headers=headers)
    assert (shown.json["people"], shown.json["fields"]) == (3, {"material": "MDF"})
    tag = shown.headers["ETag"]
    change = {"ends_at": next_slot(11.5).starts_at.isoformat()}
    address = made.headers["Location"]
    moved = client.patch(address, json=change, headers=headers | {"If-Match": tag})
    assert moved.status_code == 200
    assert moved.json["fields"] == {"material": "MDF"}
    late = client.patch(address, json=change, headers=headers | {"If-Match": tag})
    assert late.status_code == 412
    for wrong in ({"people": 0}, {"people": 501}, {"fields": {"a": 1}}, {"fields": ["a"]}):
        assert client.post(BOOKINGS, json=wish(**wrong), headers=headers).status_code == 422


def test_the_code_on_the_machine_asks_too(app: Flask, world: World) -> None:
    ask(world)
    with unit_of_work() as session:
        from sqlalchemy import text  # noqa: PLC0415

        session.execute(text("UPDATE opening_hours SET opens_minute = 0, closes_minute = 1440"))
        session.execute(text("UPDATE site SET revision = revision + 1"))
    alice, url = world.browser(app, "alice"), f"/s/{world.laser_code}"
    page = alice.get(url).text
    assert 'name="said-material"' in page
    import re  # noqa: PLC0415

    slot = re.findall(r'name="slot"[^>]*value="([^"]+)"', page)[0]
    nonces = re.findall(r'name="nonce" value="([^"]+)"', page)
    form = {"slot": slot.replace("&#43;", "+"), "nonce": nonces[0]}
    refused = post(alice, url, f"{url}/book", form)
    assert refused.status_code == 409
    assert "For Laser you have to say: material." in refused.text
    booked = post(alice, url, f"{url}/book", form | {"said-material": "MDF"})
    assert booked.status_code == 303
    assert reading().query(Booking).one().fields == {"material": "MDF"}


def test_a_space_says_how_many_people_at_once(app: Flask, world: World) -> None:
    eva = world.browser(app, "eva")
    page = "/sites/mhuma/spaces/mhuma-officina"
    form = {"name": "MHUMA officina", "capacity": "20", "people_capacity": "8"}
    assert post(eva, page, page, form).status_code == 303
    assert 'name="people_capacity" type="text" value="8"' in eva.get(page).text
    assert post(eva, page, page, form | {"people_capacity": "0"}).status_code == 422
    assert post(eva, page, page, form | {"people_capacity": ""}).status_code == 303
    assert reading().query(Space).first().people_capacity is None
