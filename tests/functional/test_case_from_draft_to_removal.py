"""One case, whole, by the pages of the lab, the officer and the decider, with the clock moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from labops.adapters.case_letters import WRITTEN
from labops.adapters.jobs import run_job
from labops.domain.applications.casefile import find
from labops.domain.qualifications.queries import qualified_lab_ids
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM
from tests.support.cases import PDF, a_call, a_lab, assess_all, call_of, city, upload
from tests.support.forms import csrf_token, post
from tests.support.world import World

ROME = ZoneInfo("Europe/Rome")


class Story:
    """Who does what on which day, through the pages."""

    def __init__(self, app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app, self.world = app, world
        self.moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
        monkeypatch.setattr(clock, "now", lambda: self.moment)
        self.uid = ""
        self._browsers: dict[tuple[str, datetime], FlaskClient] = {}
        self._tokens: dict[FlaskClient, str] = {}

    def on(self, year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> None:
        self.moment = datetime(year, month, day, hour, minute, tzinfo=ROME).astimezone(UTC)

    def browser(self, who: str) -> FlaskClient:
        """Return the person's browser; it is signed in anew whenever the clock moved."""
        key = (who, self.moment)
        if key not in self._browsers:
            self._browsers[key] = self.world.browser(self.app, who)
        return self._browsers[key]

    def sends(self, who: str, page: str, url: str, data: dict[str, Any]) -> TestResponse:
        browser = self.browser(who)
        if browser not in self._tokens:
            self._tokens[browser] = csrf_token(browser, page)
        return browser.post(url, data={"csrf_token": self._tokens[browser], **data})

    def page(self, who: str, path: str = "") -> str:
        root = f"/applications/{self.uid}" if who == "alice" else f"/review/cases/{self.uid}"
        answer = self.browser(who).get(path or root)
        assert answer.status_code == 200, (who, path, answer.status_code)
        return answer.text

    def does(self, who: str, action: str, status: int = 303, **said: str) -> TestResponse:
        path = f"/applications/{self.uid}/acts/{action}"
        answer = self.sends(who, path, path, said)
        assert answer.status_code == status, (action, answer.text[-3000:])
        return answer

    def assesses(self, criterion: str, verdict: str, note: str = "", internal: str = "") -> None:
        page = f"/review/cases/{self.uid}"
        said = {"verdict": verdict, "note": note, "internal_note": internal}
        data = {f"{criterion}-{name}": value for name, value in said.items()}
        answer = self.sends("bob", page, f"{page}/criteria/{criterion}", data)
        assert answer.status_code == 303, answer.text[-2000:]

    def answers(self, criterion: str, text: str, until: str = "", *, file: bool = False) -> None:
        path = f"/applications/{self.uid}/criteria/{criterion}"
        data: dict[str, object] = {"text": text, "act": "stay", "valid_to": until}
        if file:
            raw = PDF + f"% {self.moment} {criterion}\n%%EOF".encode()
            data["file"] = upload(raw, f"{criterion}.pdf")
        answer = self.sends("alice", path, path, data)
        assert answer.status_code == 303, answer.text[-2000:]

    def night(self) -> None:
        run_job("keep-the-list", now=self.moment)

    @property
    def state(self) -> str:
        reading().rollback()
        return find(reading(), self.uid, SYSTEM, now=self.moment).case.state

    @property
    def listed(self) -> bool:
        reading().rollback()
        on = self.moment.astimezone(ROME).date()
        return bool(list(reading().scalars(qualified_lab_ids(reading(), on))))

    def met(self) -> None:
        assess_all(self.uid, self.world.actor("bob", self.moment), now=self.moment)


@pytest.fixture
def story(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> Story:
    return Story(app, world, monkeypatch)


def test_a_case_from_the_draft_to_the_removal(story: Story) -> None:
    apply_at_the_last_minute(story)
    supplement_that_comes_late(story)
    notice_with_observations(story)
    decision_and_publication(story)
    suspended_by_lapsed_insurance(story)
    renewed(story)
    removed(story)
    read_as_an_auditor(story)


def apply_at_the_last_minute(story: Story) -> None:
    now = story.moment
    city(story.world, now=now)
    closes = datetime(2026, 11, 27, 12, 0, 0, tzinfo=ROME)
    call = call_of(a_call(now=now, closes_at=closes))
    a_lab("Officina Lambrate", now=now)
    alice = story.browser("alice")
    page = f"/calls/{call.uid}/apply"
    lab = alice.get(page).text.split('value="')
    choice = next(part[:32] for part in lab if len(part.split('"')[0]) == 32)
    answer = post(alice, page, page, {"lab": choice})
    story.uid = answer.location.rpartition("/")[2]
    assert "criteria are still missing something" in story.page("alice")
    story.does("alice", "submit", 409)
    for each in call.criteria:
        until = "2028-12-31" if each.slug == "seat" else "2027-06-30" if each.dated else ""
        story.answers(each.slug, f"Risposta {each.slug}", until, file=each.evidence)
    assert "Nothing is missing" in story.page("alice")
    assert story.browser("bob").get(f"/review/cases/{story.uid}").status_code == 404  # a draft
    story.on(2026, 11, 27, 12, 0)
    assert "The call is not open" in story.does("alice", "submit", 409).text
    story.moment -= timedelta(seconds=1)
    story.does("alice", "submit")
    assert story.state == "submitted"
    receipt = story.browser("alice").get(f"/applications/{story.uid}/receipts/1.pdf")
    assert receipt.data.startswith(b"%PDF-")
    assert "2026/0000001" in story.page("alice")


def supplement_that_comes_late(story: Story) -> None:
    story.on(2026, 11, 30)
    assert "Officina Lambrate" in story.page("bob", "/review")
    story.does("bob", "start_review")
    story.assesses("seat", "met")
    story.assesses("insurance", "needs_supplement", "The ceiling is missing.", "Seen before.")
    story.on(2026, 12, 9)
    story.does("bob", "request_supplement", note="Please send it.")
    for who in ("alice", "bob"):
        assert "day 12 of 30, paused" in story.page(who)
    assert "The ceiling is missing." in story.page("alice")
    assert "Seen before." not in story.page("alice")
    story.on(2026, 12, 21)
    assert "day 12 of 30, paused" in story.page("bob")
    story.night()  # ten days end on a Saturday, so Monday 21 is still in time
    assert story.state == "supplement_requested"
    story.on(2026, 12, 22, 1)
    story.night()
    assert story.state == "under_review"
    assert "day 13 of 30" in story.page("alice")
    story.answers("insurance", "Massimale 3 milioni", "2027-06-30", file=True)
    story.does("alice", "reply")
    assert "Late" in story.page("bob")
    story.does("alice", "reply", 409)


def notice_with_observations(story: Story) -> None:
    story.on(2026, 12, 28)
    story.assesses("safety", "not_met", "No extinguisher is named.")
    story.does("bob", "notify_rejection", note="See the grounds.")
    assert "No extinguisher is named." in story.page("alice")
    story.on(2026, 12, 31)
    story.answers("safety", "Due estintori, verificati", file=True)
    story.does("alice", "observe", note="They hang at both doors.")
    assert story.state == "under_review"
    assert "day 19 of 30, paused" in story.page("alice")
    story.on(2027, 1, 11)
    assert "day 20 of 30" in story.page("bob")


def decision_and_publication(story: Story) -> None:
    story.met()
    story.does("bob", "qualify", 409, act_number="3", act_on="2027-01-11")
    assert not story.listed
    story.on(2027, 1, 14)
    story.does("dora", "qualify", 422)
    story.does("dora", "qualify", act_number="3/2027", act_on="2027-01-14")
    assert story.state == "qualified"
    assert story.listed
    page = story.page("alice")
    assert "3/2027" in page
    assert "day 23 of 30, decided" in page
    assert story.app.test_client().get("/labs/officina-lambrate").status_code == 200


def suspended_by_lapsed_insurance(story: Story) -> None:
    story.on(2027, 6, 30, 23, 59)
    story.night()
    assert story.listed
    story.on(2027, 7, 1, 0, 5)
    story.night()
    assert story.state == "suspended"
    assert not story.listed
    assert "Liability insurance" in story.page("alice")
    story.does("dora", "reinstate", 409, act_number="9", act_on="2027-07-01")
    story.does("alice", "prove", 409)
    for criterion in ("insurance", "tax-regularity"):
        story.answers(criterion, f"Risposta {criterion}", "2028-12-31", file=True)
    story.does("alice", "prove")
    story.on(2027, 7, 5)
    story.does("dora", "reinstate", act_number="40", act_on="2027-07-05", note="Proof is in.")
    assert story.state == "qualified"
    assert story.listed


def renewed(story: Story) -> None:
    story.on(2028, 11, 13)  # 61 days before 13 January 2029
    story.night()
    assert story.state == "qualified"
    story.on(2028, 11, 14)
    story.night()
    assert story.state == "expiring"
    assert "Renewal can be asked for from" in story.does("alice", "ask_renewal", 409).text
    story.on(2028, 12, 14)
    story.night()
    for criterion in ("seat", "insurance", "tax-regularity"):
        story.answers(criterion, f"Nuova {criterion}", "2031-12-31", file=True)
    story.does("alice", "ask_renewal")
    story.met()
    story.on(2029, 1, 10)
    story.does("dora", "renew", act_number="1/2029", act_on="2029-01-10")
    story.on(2029, 1, 20)
    story.night()
    assert story.state == "qualified"
    assert story.listed


def removed(story: Story) -> None:
    story.on(2029, 3, 5)
    story.does("dora", "notify_removal", note="The seat was closed.")
    story.does("dora", "remove", 409, act_number="8", act_on="2029-03-05", note="Closed.")
    assert story.listed
    story.on(2029, 3, 16)
    story.does("dora", "remove", act_number="8", act_on="2029-03-16", note="Closed.")
    assert story.state == "removed"
    assert not story.listed
    assert story.app.test_client().get("/labs/officina-lambrate").status_code == 404


def read_as_an_auditor(story: Story) -> None:
    path = f"/review/cases/{story.uid}/chronology"
    page = story.page("dora", path)
    words = ("Seen before.", "They hang at both doors.", "Alice", "Bob", "Dora", "the system")
    for said in (*words, "3/2027", "2026/0000001", "Late", "The seat was closed."):
        assert said in page, said
    then = story.page("dora", f"{path}?on=2027-07-02")
    assert "qualification suspended" in then
    assert "The seat was closed." not in then
    assert story.browser("dora").get(f"{path}?on=2026-11-01").status_code == 404
    assert story.browser("alice").get(path).status_code == 403
    numbers = story.page("dora", "/review/numbers?since=2027-01-01&until=2027-12-31")
    assert "23" in numbers
    csv = story.page("dora", "/review/numbers.csv?since=2027-01-01&until=2027-12-31")
    assert "Officina Lambrate,qualify,2026-11-27,2027-01-14,23,48,no" in csv
    file = find(reading(), story.uid, SYSTEM, now=story.moment)
    letters = [each.number for each in file.entries if each.action in WRITTEN]
    assert len(letters) >= 10
    for number in letters:
        text = story.page("alice", f"/applications/{story.uid}/letters/{number}.txt")
        assert "Officina Lambrate" in text
    pdf = story.browser("alice").get(f"/applications/{story.uid}/letters/{letters[0]}.pdf")
    assert pdf.data.startswith(b"%PDF-")
