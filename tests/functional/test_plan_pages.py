"""Pages of plans and accounts: what people see and staff write down, and who gets through."""

from __future__ import annotations

import csv
import io
import re

from flask import Flask
from sqlalchemy import select, text

from labops.domain.bookings import services as bookings
from labops.domain.bookings.commands import Book
from labops.domain.plans.models import LedgerEntry
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.interval import Interval
from tests.support.forms import post
from tests.support.plans import assert_balanced, with_prices
from tests.support.world import World, next_slot

SITE = {"site": "mhuma"}


def booked(world: World, when: Interval) -> str:
    now = clock.now()
    return bookings.book(
        Book(machines=("printer",), slot=when), actor=world.actor("alice", now), now=now
    )


def test_from_a_plan_to_a_statement(app: Flask, world: World) -> None:
    with_prices(world)
    alice, bob = world.browser(app, "alice"), world.browser(app, "bob")
    alice.set_cookie("labops_language", "en")
    with unit_of_work() as session:
        session.execute(text("UPDATE person SET language = 'en'"))
    assert "15.00 euro a month" in alice.get("/sites/mhuma/plans").text
    began = post(alice, "/account", "/account/subscribe", {**SITE, "plan": "maker", "renews": "y"})
    assert began.status_code == 303
    again = post(alice, "/account", "/account/subscribe", {**SITE, "plan": "maker"})
    assert again.status_code == 409
    assert "This is the plan already." in again.text
    uid = booked(world, next_slot(9, 3))
    for browser, told in ((alice, True), (bob, True), (world.browser(app, "charlie"), False)):
        browser.set_cookie("labops_language", "en")
        assert ("3 h included: nothing to pay" in browser.get(f"/bookings/{uid}").text) == told
    form = check_form(next_slot(14, 2))
    checked = post(alice, "/bookings/new?machine=printer", "/bookings/new?site=mhuma", form)
    assert "1 h included, then 6.00 euro" in checked.text
    person = world.uids["alice"]
    page = f"/people/{person}/account"
    assert (
        post(bob, page, f"{page}/payments?site=mhuma", payment("pagopa", "12")).status_code == 422
    )
    good = payment("pagopa", "3010 0000 0000 0000 43")
    assert post(bob, page, f"{page}/payments?site=mhuma", good).status_code == 303
    twice = post(bob, page, f"{page}/payments?site=mhuma", good)
    assert twice.status_code == 409
    assert "paid before" in twice.text
    assert 'value="12,50"' in twice.text, "what was typed is kept"
    assert "2.50 euro to pay" in alice.get("/account").text
    rows = list(csv.reader(io.StringIO(alice.get("/account/statement.csv").text)))
    amounts = {row[1].partition(":")[0]: row[3] for row in rows}
    assert (amounts["Opening balance"], amounts["Closing balance"]) == ("0.00", "2.50")
    assert (amounts["Plan"], amounts["Payment"]) == ("15.00", "-12.50")
    pdf = alice.get("/account/statement.pdf")
    assert pdf.data.startswith(b"%PDF")
    assert pdf.headers["Content-Disposition"].endswith('.pdf"')
    assert_balanced()


def check_form(when: Interval) -> dict[str, str]:
    from zoneinfo import ZoneInfo

    local = when.starts_at.astimezone(ZoneInfo("Europe/Rome"))
    return {
        "machines": "printer",
        "date": local.date().isoformat(),
        "start": f"{local:%H:%M}",
        "length": "120",
        "act": "check",
    }


def payment(method: str, notice: str) -> dict[str, str]:
    day = clock.now().date().isoformat()
    return {"amount": "12,50", "method": method, "notice_number": notice, "paid_on": day}


def test_staff_take_back_and_let_rest(app: Flask, world: World) -> None:
    with_prices(world)
    alice, bob = world.browser(app, "alice"), world.browser(app, "bob")
    post(alice, "/account", "/account/subscribe", {**SITE, "plan": "maker", "renews": "y"})
    page = f"/people/{world.uids['alice']}/account"
    found = re.search(r"/account/subscriptions/([0-9a-f]{32})/let-end", bob.get(page).text)
    assert found
    who = SITE | {"person": world.uids["alice"]}
    path = f"/account/subscriptions/{found[1]}"
    for act, status in (("suspend", 303), ("resume", 303), ("let-end", 303), ("renew", 303)):
        assert post(bob, page, f"{path}/{act}", who).status_code == status, act
    assert post(alice, "/account", f"{path}/suspend", SITE).status_code == 403
    assert post(bob, page, f"{path}/nothing", who).status_code == 404
    charlie = world.browser(app, "charlie")
    assert post(charlie, "/account", f"{path}/end", SITE).status_code == 404
    reading().rollback()
    entry = reading().scalars(select(LedgerEntry.uid).where(LedgerEntry.kind == "fee")).one()
    back = f"{page}/entries/{entry}/reverse?site=mhuma"
    assert post(bob, page, back, {"reason": ""}).status_code == 422
    dora = world.browser(app, "dora")
    own = f"{page}/entries/{entry}/reverse?site=smart-city-lab"
    assert post(dora, "/profile", own, {"reason": "no"}).status_code == 404
    assert post(bob, page, back, {"reason": "a mistake"}).status_code == 303
    assert post(bob, page, back, {"reason": "a mistake"}).status_code == 409
    assert post(bob, page, f"{path}/end", who).status_code == 303
    assert post(bob, page, f"{path}/end", who).status_code == 409
    assert_balanced()


def test_managers_write_plans(app: Flask, world: World) -> None:
    eva = world.browser(app, "eva")
    form = {
        "slug": "night",
        "name_it": "Notte",
        "name_en": "Night",
        "price": "9,90",
        "period": "quarter",
        "hours": "laser 1.5\nbench 10",
        "firm_people": "4",
        "induction_percent": "25",
    }
    page = "/sites/mhuma/plans/new"
    wrong = post(eva, page, "/sites/mhuma/plans", form | {"hours": "nothing 4"})
    assert wrong.status_code == 422
    assert "nothing 4" in wrong.text
    dear = post(eva, page, "/sites/mhuma/plans", form | {"induction_percent": "101"})
    assert dear.status_code == 422
    assert post(eva, page, "/sites/mhuma/plans", form).status_code == 303
    shown = eva.get("/sites/mhuma/plans/night/edit").text
    assert "laser 1.5" in shown
    for name, value in (("firm_people", "4"), ("induction_percent", "25")):
        assert re.search(rf'name="{name}"[^>]* value="{value}"', shown), "saving again keeps it"
    assert (
        "Inductions cost 25 % less."
        in app.test_client().get("/sites/mhuma/plans", headers={"Accept-Language": "en"}).text
    )
    changed = form | {"of": "night", "price": "12", "hours": "laser 2"}
    assert post(eva, page, "/sites/mhuma/plans", changed).status_code == 303
    assert "12" in app.test_client().get("/sites/mhuma/plans").text
    bob = world.browser(app, "bob")
    assert post(bob, "/profile", "/sites/mhuma/plans", form).status_code == 403
