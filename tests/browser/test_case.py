"""One case in a real Chromium, in Italian, by the lab, the officer and the decider; clock moved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update
from werkzeug.serving import make_server

from labops.adapters.jobs import run_job
from labops.domain.applications import drafting
from labops.domain.people.models import Account, Person
from labops.domain.people.services import Device, open_sign_in
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from tests.browser.visits import RUN_AXE, STANDARD, STICKS_OUT
from tests.support.cases import (
    DECIDER,
    OFFICER,
    OWNER,
    PDF,
    a_call,
    a_lab,
    add_file,
    assess_all,
    city,
    complete,
)
from tests.support.servers import free_port
from tests.support.world import World

pytestmark = pytest.mark.browser
ROME = ZoneInfo("Europe/Rome")


class Stage:
    """The application in this process, its clock, and a browser window for whoever acts."""

    def __init__(self, chromium: Browser, world: World, address: str, files: Path) -> None:
        self.chromium, self.world, self.address, self.files = chromium, world, address, files
        self.moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
        self.uid = ""

    def on(self, year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> None:
        self.moment = datetime(year, month, day, hour, minute, tzinfo=ROME).astimezone(UTC)

    def opens(self, who: str, path: str) -> Page:
        """Open a page in a fresh window in which somebody is signed in."""
        account = select(Account.id).where(Account.person_id == self.world.people[who])
        reading().rollback()
        account_id = reading().scalars(account).one()
        secret = open_sign_in(account_id, device=Device(name="test"), now=self.moment)
        context = self.chromium.new_context(base_url=self.address, locale="it-IT", bypass_csp=True)
        context.set_default_timeout(10_000)
        context.add_cookies([{"name": "labops_sign_in", "value": secret, "url": self.address}])
        page = context.new_page()
        page.goto(path)
        return page

    def sees(self, who: str, path: str, *words: str, inspect: bool = False) -> None:
        page = self.opens(who, path)
        text = page.locator("main").inner_text()
        for each in words:
            assert each in text, (each, text)
        if inspect:
            page.evaluate(AXE_SCRIPT)
            assert page.evaluate(RUN_AXE, [STANDARD, True]) == []
            page.set_viewport_size({"width": 390, "height": 844})
            assert page.evaluate(STICKS_OUT) == []
        page.context.close()

    def does(self, who: str, action: str, refused: str = "", **said: str) -> None:
        page = self.opens(who, f"/applications/{self.uid}/acts/{action}")
        for name, value in said.items():
            page.locator(f"main [name={name}]").fill(value)
        page.locator("main form button[type=submit]").click()
        if refused:
            assert refused in page.locator("main .problems").inner_text()
        else:
            page.wait_for_url(lambda url: "/acts/" not in url)
        page.context.close()

    def assesses(self, criterion: str, verdict: str, note: str) -> None:
        page = self.opens(OFFICER, f"/review/cases/{self.uid}")
        box = page.locator(f"#criterion-{criterion}")
        box.locator("summary").click()
        box.locator(f"[name={criterion}-verdict][value={verdict}]").check()
        box.locator(f"[name={criterion}-note]").fill(note)
        box.locator("button[type=submit]").click()
        page.wait_for_url(f"**#criterion-{criterion}")
        page.context.close()

    def answers(self, criterion: str, text: str, until: str = "") -> None:
        file = self.files / f"{criterion}.pdf"
        file.write_bytes(PDF + f"% {self.moment} {criterion}\n%%EOF".encode())
        page = self.opens(OWNER, f"/applications/{self.uid}/criteria/{criterion}")
        page.locator("[name=text]").fill(text)
        page.locator("[name=file]").set_input_files(file)
        if until:
            page.locator("[name=valid_to]").fill(until)
        page.locator("button[value=stay]").click()
        page.get_by_text(f"{criterion}.pdf").first.wait_for()
        page.context.close()

    def drops(self, criterion: str) -> None:
        """Take the only file of a criterion out again."""
        page = self.opens(OWNER, f"/applications/{self.uid}/criteria/{criterion}")
        page.get_by_role("button", name="Togli").click()
        page.get_by_text("Il file è stato tolto").wait_for()
        page.context.close()

    def all_met(self) -> None:
        assess_all(self.uid, self.world.actor(OFFICER, self.moment), now=self.moment)

    def night(self) -> None:
        run_job("keep-the-list", now=self.moment)


@pytest.fixture
def stage(
    app: Flask, world: World, chromium: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Stage]:
    port = free_port()
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    stage = Stage(chromium, world, f"http://127.0.0.1:{port}", tmp_path)
    monkeypatch.setattr(clock, "now", lambda: stage.moment)
    with unit_of_work() as session:
        session.execute(update(Person).values(language="it"))
    yield stage
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_case_by_three_people_in_a_browser(stage: Stage) -> None:
    begin_and_submit(stage)
    from_the_supplement_to_the_act(stage)
    from_the_suspension_to_the_removal(stage)


def begin_and_submit(stage: Stage) -> None:
    now = stage.moment
    city(stage.world, now=now)
    closes = datetime(2026, 11, 27, 12, tzinfo=ROME)
    call = a_call(now=now, closes_at=closes)
    alice = stage.world.actor(OWNER, now)
    stage.uid = drafting.begin(call, a_lab("Officina Lambrate", now=now), actor=alice, now=now)
    complete(stage.uid, alice, now=now, until=date(2031, 12, 31))
    stage.sees(OWNER, f"/applications/{stage.uid}", "Non manca niente", inspect=True)
    stage.answers("safety", "Documento di valutazione dei rischi")
    stage.drops("insurance")
    stage.answers("insurance", "Polizza", "2027-06-30")
    stage.on(2026, 11, 27, 12)
    stage.does(OWNER, "submit", "Il bando non è aperto")
    stage.on(2026, 11, 27, 11, 59)
    stage.does(OWNER, "submit")
    stage.sees(OWNER, f"/applications/{stage.uid}", "presentata", "2026/0000001")


def from_the_supplement_to_the_act(stage: Stage) -> None:
    stage.on(2026, 11, 30)
    stage.sees(OFFICER, "/review", "Officina Lambrate", "Restano", inspect=True)
    stage.does(OFFICER, "start_review")
    stage.assesses("insurance", "needs_supplement", "Manca il massimale.")
    stage.on(2026, 12, 9)
    stage.does(OFFICER, "request_supplement")
    for who, path in ((OWNER, "applications"), (OFFICER, "review/cases")):
        stage.sees(who, f"/{path}/{stage.uid}", "giorno 12 di 30, sospeso", inspect=True)
    stage.on(2026, 12, 22, 1)
    stage.night()
    stage.answers("insurance", "Massimale 3 milioni", "2027-06-30")
    stage.does(OWNER, "reply")
    stage.sees(OFFICER, f"/review/cases/{stage.uid}", "In ritardo")
    stage.on(2026, 12, 28)
    stage.assesses("safety", "not_met", "Nessun estintore è indicato.")
    stage.does(OFFICER, "notify_rejection")
    stage.on(2026, 12, 31)
    stage.answers("safety", "Due estintori")
    stage.does(OWNER, "observe", note="Sono alle due porte.")
    stage.on(2027, 1, 14)
    stage.all_met()
    act = {"act_number": "3/2027", "act_on": "2027-01-14"}
    stage.does(DECIDER, "qualify", **act)
    stage.sees(OWNER, f"/applications/{stage.uid}", "qualificato", "3/2027")
    stage.sees("nina", "/labs", "Officina Lambrate")


def from_the_suspension_to_the_removal(stage: Stage) -> None:
    stage.on(2027, 7, 1, 0, 5)
    stage.night()
    stage.sees(OWNER, f"/applications/{stage.uid}", "qualifica sospesa")
    page = stage.opens("nina", "/labs")
    assert "Officina Lambrate" not in page.locator("main").inner_text()
    page.context.close()
    stage.answers("insurance", "Polizza nuova", "2029-12-31")
    stage.does(OWNER, "prove")
    stage.does(DECIDER, "reinstate", act_number="40", act_on="2027-07-01")
    stage.sees("nina", "/labs", "Officina Lambrate")
    stage.on(2028, 12, 20)
    stage.night()
    stage.sees(OWNER, f"/applications/{stage.uid}", "qualificato, in scadenza")
    alice = stage.world.actor(OWNER, stage.moment)
    for criterion in ("seat", "insurance", "tax-regularity"):
        add_file(stage.uid, criterion, alice, now=stage.moment, until=date(2031, 12, 31))
    stage.does(OWNER, "ask_renewal")
    stage.all_met()
    stage.does(DECIDER, "renew", act_number="1/2029", act_on="2028-12-20")
    stage.on(2029, 3, 5)
    stage.does(DECIDER, "notify_removal", note="La sede è chiusa.")
    stage.on(2029, 3, 16)
    stage.does(DECIDER, "remove", act_number="8", act_on="2029-03-16", note="La sede è chiusa.")
    story = ("La sede è chiusa.", "Sono alle due porte.", "Alice", "Bob", "Dora", "il sistema")
    path = f"/review/cases/{stage.uid}/chronology"
    stage.sees(DECIDER, path, *story, "In ritardo", "3/2027", inspect=True)
