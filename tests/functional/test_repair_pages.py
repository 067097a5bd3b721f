"""Reports, harm, rounds and parts in the browser: uploads, looks, what is due, what runs out."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select

from labops.adapters import mail, photos
from labops.adapters.jobs import run_job
from labops.adapters.mail import MemoryTransport
from labops.domain.incidents import queries
from labops.domain.incidents.models import Incident
from labops.kernel import clock
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading
from tests.functional.test_photos import send_to
from tests.support.forms import post
from tests.support.pictures import picture
from tests.support.world import World, at

REPORT = "/machines/printer/report"


@pytest.fixture(autouse=True)
def hands(monkeypatch: pytest.MonkeyPatch) -> dict[str, datetime]:
    hands = {"now": at(10)}
    monkeypatch.setattr(clock, "now", lambda: hands["now"])
    return hands


def fields(**changes: str) -> dict[str, str]:
    return {"text": "It squeaks", "severity": "note", "nonce": str(uuid4()), **changes}


def test_only_pictures_are_kept_and_only_those_who_may_see_them(app: Flask, world: World) -> None:
    alice, folder = world.browser(app, "alice"), Path(app.config["LABOPS"].data_dir)
    wrong = {
        "program.jpg": b"MZ" + b"\x00" * 500,
        "page.png": b"<html><script>alert(1)</script></html>",
        "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "moving.jpg": picture("GIF"),
        "half.jpg": picture()[:400],
        "empty.jpg": b"",
        "large.jpg": picture() + b"\x00" * photos.MOST_BYTES,
    }
    for name, raw in wrong.items():
        answer = send_to(alice, REPORT, fields(), raw, name)
        assert answer.status_code == 422, name
        assert "It squeaks" in answer.text
    reading().rollback()
    assert reading().scalars(select(Incident.id)).all() == []
    assert not (folder / "repair-photos").exists()

    exif = Image.Exif()
    exif[0x010E] = "at home"
    data = fields()
    for _twice in range(2):
        sent = send_to(alice, REPORT, data, picture(exif=exif), "../../evil.exe")
        assert sent.status_code == 303
    reading().rollback()
    (name,) = reading().scalars(select(Incident.photo)).all()
    assert [path.name for path in (folder / "repair-photos").iterdir()] == [name]
    url = f"{sent.location}/photo"
    for who, status in (("alice", 200), ("bob", 200), ("charlie", 404), ("dora", 404)):
        answer = world.browser(app, who).get(url)
        assert answer.status_code == status, who
        if status == 200:
            assert answer.content_type == "image/webp"
            assert "no-store" in answer.headers["Cache-Control"]
            assert b"at home" not in answer.data
    assert app.test_client().get(f"/photos/{name}").status_code == 404


def test_the_suspended_report_no_faults_but_harm(app: Flask, world: World) -> None:
    sam = world.browser(app, "sam")
    assert send_to(sam, REPORT, fields(), b"", "").status_code == 403
    page = "/sites/mhuma/harm/new"
    data = {"happened_at": "2026-11-24T09:50", "text": "A cut in the hand", "machine": "printer"}
    assert post(sam, page, page, {**data, "happened_at": "2026-11-24T11:00"}).status_code == 422
    assert post(sam, page, page, data).status_code == 303
    (record,) = queries.harm_of_site(reading(), world.sites["mhuma"])
    # Not even the staff: only who is responsible, and each look is written down.
    assert world.browser(app, "bob").get(f"/harm/{record.uid}").status_code in {403, 404}
    eva = world.browser(app, "eva")
    assert "A cut in the hand" not in eva.get("/sites/mhuma/harm").text
    assert "A cut in the hand" in eva.get(f"/harm/{record.uid}").text
    reading().rollback()
    looks = reading().scalars(select(AuditEntry.person_id).where(AuditEntry.action == "harm.seen"))
    assert list(looks) == [world.people["eva"]]
    trail = " ".join(str(one.after) + one.reason for one in reading().scalars(select(AuditEntry)))
    assert "A cut in the hand" not in trail


def test_what_comes_round_is_told_once_and_planned_where_it_disturbs_least(
    app: Flask, world: World, hands: dict[str, datetime]
) -> None:
    outbox = MemoryTransport()
    mail.use_transport(outbox)
    bob, url = world.browser(app, "bob"), "/sites/mhuma/rounds"
    plan = {"machine": "printer", "title": "Grease", "minutes": "60", "steps": "Clean\nGrease"}
    assert post(bob, url, url, plan).status_code == 422  # neither months nor hours
    assert post(bob, url, url, {**plan, "every_months": "1"}).status_code == 303
    run_job("tell-upkeep", now=hands["now"])
    subjects = []
    for days in (17, 18, 31, 32, 45):
        hands["now"] = at(10) + timedelta(days=days)
        run_job("tell-upkeep", now=hands["now"])
        run_job("deliver-outbox", now=hands["now"])
        subjects += [str(one["Subject"]) for one in outbox.sent if one["To"] and "bob" in one["To"]]
        outbox.sent.clear()
    assert subjects == [
        "Maintenance due soon: Printer",
        "Maintenance due: Printer",
        "Maintenance overdue: Printer",
    ]
    bob = world.browser(app, "bob")  # nobody stays signed in for so long
    page = bob.get(url).text
    assert "overdue" in page
    uid = page.split("?round=")[1].split('"')[0]
    planning = bob.get(f"/rounds/{uid}/plan", follow_redirects=True)
    assert "Grease" in planning.text
    assert "2027-01-08T11:00" in planning.text  # the first whole hour: nobody books
    work = f"/machines/printer/work/new?round={uid}"
    done = {"title": "Grease", "minutes": "50", "steps": "Grease", "part-nothing": "3"}
    assert send_to(bob, work, done, b"", "").status_code == 303
    assert "overdue" not in bob.get(url).text
    assert post(bob, url, f"/rounds/{uid}/retire").status_code == 303
    assert uid not in bob.get(url).text
