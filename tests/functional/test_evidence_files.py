"""What is refused as evidence: with a sentence, and nothing of it is written."""

from __future__ import annotations

import io
import zlib
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from labops.adapters import evidence_files
from labops.domain.applications import drafting
from labops.domain.applications.models import Evidence
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from tests.support.cases import OWNER, PDF, a_call, a_lab, city, upload
from tests.support.forms import csrf_token, post
from tests.support.world import World

EXE = b"MZ\x90\x00\x03" + b"\x00" * 500
SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
)
ZIP = b"PK\x03\x04" + b"\x00" * 100


def pdf(body: bytes) -> bytes:
    return b"%PDF-1.7\n" + body + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def stream(head: bytes, raw: bytes) -> bytes:
    packed = zlib.compress(raw)
    return b"5 0 obj<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj" % (
        head,
        len(packed),
        packed,
    )


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


SCRIPT = b"1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>endobj"
BOMB = b"1 0 obj<<>>endobj " + stream(b"", b"\x00" * (120 * 2**20))
REFUSED = {
    "a renamed executable": ("report.pdf", EXE, "By its content"),
    "an SVG": ("drawing.svg", SVG, "By its content"),
    "an SVG called PNG": ("drawing.png", SVG, "By its content"),
    "a PDF with a script": ("report.pdf", pdf(SCRIPT), "holds a script"),
    "a script in disguise": ("a.pdf", pdf(b"1 0 obj<</S/J#61vaScript>>endobj"), "holds a script"),
    "a packed script": (
        "a.pdf",
        pdf(stream(b"/Type/ObjStm/N 1/First 4", b"7 0 <</S/JavaScript/JS(x)>>")),
        "holds a script",
    ),
    "a PDF that starts a program": (
        "a.pdf",
        pdf(b"1 0 obj<</S/Launch/F(cmd.exe)>>endobj"),
        "holds a script",
    ),
    "a PDF with files inside": (
        "a.pdf",
        pdf(b"1 0 obj<</Names<</EmbeddedFiles 2 0 R>>>>endobj"),
        "holds a script",
    ),
    "a locked PDF": ("a.pdf", pdf(b"1 0 obj<</Encrypt 3 0 R>>endobj"), "locked by a password"),
    "half a PDF": ("a.pdf", b"%PDF-1.7\nnothing", "damaged"),
    "a zip": ("a.zip", ZIP, "By its content"),
    "a zip bomb": ("a.pdf", pdf(BOMB), "far too large"),
    "a picture bomb": ("a.png", png(20_000, 20_000), "far too large"),
    "a broken picture": ("a.jpg", b"\xff\xd8\xff" + b"x" * 50, "damaged"),
    "too many bytes": ("a.pdf", PDF + b"\x00" * (11 * 2**20), "larger than 10 MB"),
    "nothing": ("a.pdf", b"", "empty"),
    "a name with a path": ("../../etc/passwd.pdf", PDF, "parts of a path"),
    "a name from Windows": ("C:\\temp\\a.pdf", PDF, "parts of a path"),
    "a hidden name": (".htaccess", PDF, "parts of a path"),
}


def send(browser: FlaskClient, path: str, name: str, raw: bytes) -> TestResponse:
    """Send a file as bytes: the client's own way leaves large files open."""
    token = csrf_token(browser, path)
    plain = {"csrf_token": token, "text": "x", "act": "stay"}
    parts = [
        f'--xx\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in plain.items()
    ]
    head = f'--xx\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = "".join(parts).encode() + head.encode() + raw + b"\r\n--xx--\r\n"
    return browser.post(path, data=body, content_type="multipart/form-data; boundary=xx")


@pytest.fixture
def case(world: World) -> str:
    now = clock.now()
    city(world, now=now)
    alice = world.actor(OWNER, now)
    return drafting.begin(a_call(now=now), a_lab(now=now), actor=alice, now=now)


def written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_is_refused_with_a_sentence_and_nothing_is_written(
    app: Flask, world: World, case: str
) -> None:
    browser = world.browser(app, OWNER)
    path = f"/applications/{case}/criteria/safety"
    for name, (filename, raw, sentence) in REFUSED.items():
        answer = send(browser, path, filename, raw)
        assert answer.status_code == 422, name
        assert sentence in answer.text, (name, answer.text[-1500:])
    answer = send(browser, path, "a.pdf", PDF + b"\x00" * (50 * 2**20))
    assert answer.status_code == 413
    assert "too large" in answer.text
    assert reading().scalar(select(func.count(Evidence.id))) == 0
    assert written(evidence_files.folder()) == []


def test_files_are_served_only_through_the_case(app: Flask, world: World, case: str) -> None:
    browser = world.browser(app, OWNER)
    path = f"/applications/{case}/criteria/insurance"
    said = {"text": "Polizza", "act": "stay", "valid_to": "2199-12-31"}
    for name, raw in (("polizza.pdf", PDF), ("foto.png", png(20, 20))):
        assert post(browser, path, path, said | {"file": upload(raw, name)}).status_code == 303
    assert post(browser, path, path, {"text": "x", "file": upload(PDF, "a.pdf")}).status_code == 422
    rows = list(reading().scalars(select(Evidence).order_by(Evidence.id)))
    files = written(evidence_files.folder())
    assert {each.name for each in files} == {each.uid for each in rows}
    assert rows[0].valid_to == date(2199, 12, 31)
    address = f"/applications/{case}/files/{rows[0].uid}"
    answer = browser.get(address)
    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # Not sent yet, it is the lab's alone; strangers never see it.
    for who, status in (("bob", 404), ("dora", 404), ("charlie", 404), ("eva", 404)):
        assert world.browser(app, who).get(address).status_code == status, who
    assert app.test_client().get(address).status_code in {302, 303, 401}


def test_what_is_kept_is_what_was_sent() -> None:
    for raw in (PDF, png(30, 30)):
        assert evidence_files.look_into("prova è.pdf", raw).raw == raw
    with pytest.raises(Invalid):
        evidence_files.look_into("a\x00.pdf", PDF)
