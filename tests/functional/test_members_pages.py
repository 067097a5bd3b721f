"""Pages of members: their profiles, notes about them, merging, files of them, circulars."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from labops.domain.member_lists.values import CERTIFICATION
from labops.domain.notes.models import Note, NoteVersion
from labops.domain.people.administration import GiveRole, give_role
from labops.domain.people.models import Account, Person, Profile
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM, Role
from tests.support.forms import csrf_token, post
from tests.support.people import all_want_news
from tests.support.world import NOW, World

FILE = "/sites/mhuma/members/file"
PARTICULARS = {
    "name": "Alice Rossi",
    "born_on": "1990-05-01",
    "language": "it",
    "phone": "333 123 4567",
    "emergency_name": "Bruno",
    "emergency_phone": "+44 20 7946 0958",
    "street": "via Prova 1",
    "postcode": "20100",
    "town": "Milano",
    "tax_code": "rssmra85t10a562s",
}


def fresh() -> Any:
    """Return a session that sees what web requests wrote."""
    reading().rollback()
    return reading()


def manager(app: Flask, world: World) -> FlaskClient:
    """Return the browser of Charlie, who manages MHUMA."""
    site = world.sites["mhuma"]
    role = GiveRole(person_uid=world.uids["charlie"], role=Role.MANAGER, site_id=site)
    give_role(role, actor=SYSTEM, now=NOW)
    return world.browser(app, "charlie")


def test_one_fills_in_ones_own_profile(app: Flask, world: World) -> None:
    alice = world.browser(app, "alice")
    sent = post(alice, "/profile", "/profile", {**PARTICULARS, "accessibility": "No stairs"})
    assert (sent.status_code, sent.location) == (303, "/profile")
    kept = fresh().get_one(Profile, world.people["alice"])
    assert (kept.phone, kept.tax_code) == ("+393331234567", "RSSMRA85T10A562S")
    assert kept.accessibility == "No stairs"
    page = alice.get("/profile").text
    assert "+39 333 123 4567" in page
    assert "No stairs" in page
    wrong = {**PARTICULARS, "phone": "12", "tax_code": "X", "born_on": "1991-05-01"}
    refused = post(alice, "/profile", "/profile", wrong)
    assert refused.status_code == 422
    assert 'value="12"' in refused.text
    assert refused.text.count("field__error") >= 3
    entry = fresh().scalars(select(AuditEntry).where(AuditEntry.action == "profile.saved")).one()
    assert "333" not in json.dumps(entry.after)


def test_staff_correct_a_profile_and_ask_for_needs_which_is_written_down(
    app: Flask, world: World
) -> None:
    alice, bob, uid = world.browser(app, "alice"), world.browser(app, "bob"), world.uids["alice"]
    post(alice, "/profile", "/profile", {**PARTICULARS, "accessibility": "No stairs"})
    page = bob.get(f"/people/{uid}").text
    assert "+39 333 123 4567" in page
    assert "No stairs" not in page
    assert "No stairs" not in bob.get(f"/people/{uid}/profile").text
    changed = post(
        bob, f"/people/{uid}/profile", f"/people/{uid}/profile",
        {**PARTICULARS, "born_on": "1991-05-01", "town": "Monza"},
    )  # fmt: skip
    assert changed.status_code == 303
    kept = fresh().get_one(Profile, world.people["alice"])
    assert (kept.town, kept.accessibility) == ("Monza", "No stairs")
    shown = post(bob, f"/people/{uid}", f"/people/{uid}/needs")
    assert "No stairs" in shown.text
    (seen,) = fresh().scalars(select(AuditEntry).where(AuditEntry.action == "person.needs-seen"))
    assert seen.person_id == world.people["bob"]
    assert post(alice, "/profile", f"/people/{uid}/needs").status_code == 403


def write(browser: FlaskClient, uid: str, text: str, visibility: str) -> int:
    """Write a note at MHUMA."""
    data = {"text": text, "visibility": visibility, "site": "mhuma"}
    return post(browser, f"/people/{uid}", f"/people/{uid}/notes", data).status_code


def test_notes_are_read_by_whom_they_are_meant_for(app: Flask, world: World) -> None:
    boss, bob, dora = manager(app, world), world.browser(app, "bob"), world.browser(app, "dora")
    uid = world.uids["alice"]
    assert write(bob, uid, "Broke a lens", "staff") == 303
    assert write(bob, uid, "Welcome!", "person") == 303
    assert write(boss, uid, "Owes money", "managers") == 303
    assert write(bob, uid, "Owes more", "managers") == 422
    assert write(bob, uid, "  ", "staff") == 422
    texts = ("Broke a lens", "Welcome!", "Owes money")
    for browser, page, seen in (
        (boss, f"/people/{uid}", (True, True, True)),
        (bob, f"/people/{uid}", (True, True, False)),
        (dora, f"/people/{uid}", (False, False, False)),
        (world.browser(app, "eva"), f"/people/{uid}", (True, True, True)),
        (world.browser(app, "alice"), "/profile", (False, True, False)),
    ):
        shown = browser.get(page).text
        assert tuple(text in shown for text in texts) == seen, page


def test_a_note_is_changed_with_its_history_and_deleted_softly(app: Flask, world: World) -> None:
    boss, bob, uid = manager(app, world), world.browser(app, "bob"), world.uids["alice"]
    write(boss, uid, "First", "staff")
    note = fresh().scalars(select(Note)).one()
    page = f"/people/notes/{note.uid}"
    assert bob.get(page).status_code == 403
    data = {"text": "Second", "visibility": "staff", "revision": "1"}
    assert post(boss, page, page, data).status_code == 303
    stale = post(boss, page, page, {**data, "text": "Third"})
    assert stale.status_code == 409
    assert "Third" in stale.text
    assert "First" in boss.get(page).text
    (version,) = fresh().scalars(select(NoteVersion))
    assert (version.revision, version.text) == (1, "First")
    assert post(bob, f"/people/{uid}", f"{page}/delete").status_code == 403
    assert post(boss, page, f"{page}/delete").status_code == 303
    assert "Second" not in boss.get(f"/people/{uid}").text
    assert fresh().scalars(select(Note.text)).one() == "Second"
    assert boss.get(page).status_code == 404


def test_two_accounts_are_merged_by_typing_the_name(app: Flask, world: World) -> None:
    eva = world.browser(app, "eva")
    stays, goes = world.uids["alice"], world.uids["nina"]
    found = eva.get(f"/people/{stays}/merge?q=nina").text
    page = f"/people/{stays}/merge/{goes}"
    assert page in found
    preview = eva.get(page).text
    assert f"/people/{goes}/merge/{stays}" in preview
    assert post(eva, page, page, {"typed_name": "Alice"}).status_code == 422
    done = post(eva, page, page, {"typed_name": "nina"})
    assert done.status_code == 422  # the name as it is written
    done = post(eva, page, page, {"typed_name": " Nina "})
    assert (done.status_code, done.location) == (303, f"/people/{stays}")
    assert "nina@example.org" in eva.get(f"/people/{stays}").text
    moved = eva.get(f"/people/{goes}")
    assert (moved.status_code, moved.location) == (302, f"/people/{stays}")
    own = f"/people/{stays}/merge/{world.uids['eva']}"
    assert post(eva, page.rsplit("/", 1)[0], own, {"typed_name": "Eva"}).status_code in {400, 409}


def upload(browser: FlaskClient, raw: bytes, name: str = "soci.csv", **fields: str) -> Any:
    """Send a file to the page."""
    data: dict[str, Any] = {"csrf_token": csrf_token(browser, FILE), "act": "check", **fields}
    return browser.post(FILE, data={**data, "file": (io.BytesIO(raw), name)})


def hidden(page: str) -> dict[str, str]:
    """Return the fields of the form that imports."""
    form = re.search(r"<form[^>]* data-import>(.*?)</form>", page, re.S)
    assert form
    pairs = re.findall(r'name="([^"]+)" value="([^"]*)"', form[1])
    return {name: value.replace("&#34;", '"').replace("&#39;", "'") for name, value in pairs}


def test_a_list_is_looked_at_corrected_and_imported(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    raw = "Chi;E-mail;Nascita\nZoe Bianchi;zoe@example.org;1/2/1990\n;alice@example.org;\n"
    looked = upload(bob, raw.encode())
    assert looked.status_code == 422  # nobody knows what "Chi" is, so Zoe has no name
    assert 'name="column-0"' in looked.text
    text = re.search(r'name="text" value="([^"]*)"', looked.text)
    assert text
    fixed = post(
        bob, FILE, FILE,
        {"act": "check", "text": text[1], "column-0": "name", "column-1": "email",
         "column-2": "born_on", "by_email": "skip", "by_name": "update"},
    )  # fmt: skip
    assert fixed.status_code == 200
    assert "One person would be added" in fixed.text
    assert fresh().scalar(select(Account.id).where(Account.email == "zoe@example.org")) is None
    done = bob.post(FILE, data=hidden(fixed.text))
    assert (done.status_code, done.location) == (303, "/people/?site=mhuma")
    assert fresh().scalar(select(Person.born_on).where(Person.name == "Zoe Bianchi"))
    # The layout is remembered, and now nothing is left to do.
    again = upload(bob, raw.encode())
    assert again.status_code == 200
    assert "data-import>" not in again.text


def test_a_script_gets_a_bar_and_errors_have_line_and_column(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    rows = "".join(f"Member {n},m{n}@example.org\n" for n in range(30))
    fields = hidden(upload(bob, f"name,email\n{rows}".encode()).text)
    answer = bob.post(FILE, data=fields, headers={"Accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines[-2] == {"done": 30, "total": 30}
    assert "30 people added" in lines[-1]["said"]
    bad = upload(bob, b"name,email,phone\nAda,nowhere,12\n")
    assert bad.status_code == 422
    table = bad.text.split("What to mend in the file")[1].split("</table>")[0]
    cells = re.findall(r'data-label="(?:Line|Column)">([^<]+)<', table)
    assert cells == ["2", "email", "2", "phone"]
    assert upload(bob, b"\xff\xfe\xff").status_code == 422
    assert upload(bob, b"").status_code == 422


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_downloaded_goes_in_again(app: Flask, world: World, kind: str) -> None:
    bob = world.browser(app, "bob")
    raw = bob.get(f"/sites/mhuma/members/export.{kind}").data
    if kind == "xlsx":
        headings = [cell.value for cell in next(load_workbook(io.BytesIO(raw)).active.iter_rows())]
        assert f"{CERTIFICATION}laser" in headings
    looked = upload(bob, raw, f"members.{kind}")
    assert looked.status_code == 200
    assert "3 left as they are" in looked.text
    assert "data-import>" not in looked.text


def test_a_circular_is_written_looked_at_and_sent(app: Flask, world: World) -> None:
    all_want_news()
    bob = world.browser(app, "bob")
    people = bob.get("/people/?standing=active").text
    address = re.search(r'href="(/circulars/new[^"]*)"', people)
    assert address
    page = address[1].replace("&amp;", "&")
    form = bob.get(page).text
    assert "MHUMA" in form
    assert post(bob, page, page, {"site": "mhuma", "about": "news"}).status_code == 422
    words = {"site": "mhuma", "about": "news", "subject_it": "Ciao", "body_it": "<b>uno</b>\n\ndue"}
    looked = post(bob, page, page, {**words, "act": "preview"})
    assert looked.status_code == 200
    assert "3 people get it" in looked.text
    assert "&lt;b&gt;uno" in looked.text
    back = post(bob, page, page, {**words, "act": "change"})
    assert 'value="Ciao"' in back.text
    sent = post(bob, page, page, {**words, "act": "send"})
    assert sent.status_code == 303
    shown = bob.get(sent.location)
    assert shown.status_code == 200
    assert "Ciao" in bob.get("/circulars/").text
    assert world.browser(app, "dora").get(sent.location).status_code == 404


def test_the_list_is_filtered_by_its_address(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    page = bob.get("/people/?site=mhuma&certified=laser&since=nonsense&page=9999999").text
    assert "Alice" in page
    assert "1 person" in page
    rows = bob.get("/people/export.csv?site=mhuma&q=sam").text.splitlines()
    assert len(rows) == 2
    assert bob.get("/people/?standing=nonsense").status_code == 200
