"""Photos of machines: staff send and replace them, everybody sees them, on both engines."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from labops.adapters import photos
from labops.domain.machines.models import Machine
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading
from tests.functional.test_machines import FIELDS
from tests.support.forms import csrf_token
from tests.support.pictures import picture
from tests.support.world import World

URL = "/machines/laser/edit"


def send(
    browser: FlaskClient, raw: bytes = b"", name: str = "laser.jpg", **more: Any
) -> TestResponse:
    """Send the machine's form with a photo, as a browser does."""
    return send_to(browser, URL, {**FIELDS, **more}, raw, name)


def send_to(
    browser: FlaskClient, url: str, fields: dict[str, Any], raw: bytes, name: str, page: str = ""
) -> TestResponse:
    """Send a form with a file; the client's own encoding leaves files open behind large ones."""
    values = {"csrf_token": csrf_token(browser, page or url), **fields}
    if name:
        values["photo"] = FileStorage(io.BytesIO(raw), name)
    boundary, body = encode_multipart(values)
    kind = f'multipart/form-data; boundary="{boundary}"'
    return browser.post(url, data=body, content_type=kind)


def photo_of(slug: str = "laser") -> str:
    reading().rollback()
    return reading().scalars(select(Machine.photo).where(Machine.slug == slug)).one()


def files(app: Flask) -> set[str]:
    folder: Path = app.config["LABOPS"].data_dir / "photos"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_a_photo_is_seen_on_the_page_and_on_the_card(
    app: Flask, world: World, client: FlaskClient
) -> None:
    assert "<img" not in client.get("/machines/laser").text.partition("<main")[2]
    sent = send(world.browser(app, "bob"), picture("PNG", (2000, 1000)), "whatever.txt")
    assert (sent.status_code, sent.location) == (303, "/machines/laser")
    name = photo_of()
    assert files(app) == {f"{name}-small.webp", f"{name}-large.webp"}
    for page in ("/machines/laser", "/machines?site=mhuma"):
        (drawn,) = re.findall(r'<img[^>]*class="photo[^>]*>', client.get(page).text)
        assert 'alt="Laser grande"' in drawn
        assert f'src="/photos/{name}-small.webp"' in drawn
    page = client.get("/machines/laser").text
    assert f"/photos/{name}-large.webp 1600w" in page
    said = reading().scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc())).first()
    assert said == "machine.photographed"


def test_a_photo_may_be_kept_for_good_and_is_nothing_but_a_picture(
    app: Flask, world: World, client: FlaskClient
) -> None:
    send(world.browser(app, "bob"), picture())
    address = f"/photos/{photo_of()}-small.webp"
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.data[8:12] == b"WEBP"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert client.get(address, headers=tag).status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "0" * 32 + "-small.webp",
        "..%2Flabops.db",
        "%2e%2e/secret_key",
        "x.webp",
        "0" * 32 + "-huge.webp",
        "%00",
    ],
)
def test_no_other_file_is_given_away(
    app: Flask, world: World, client: FlaskClient, name: str
) -> None:
    send(world.browser(app, "bob"), picture())
    assert client.get(f"/photos/{name}").status_code == 404


def test_a_replaced_and_a_removed_photo_are_deleted(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    send(bob, picture(size=(300, 200)))
    first = photo_of()
    send(bob, picture(size=(300, 200)))
    assert photo_of() == first  # the same photo again is no other
    assert len(files(app)) == 2
    send(bob, picture(size=(200, 300)))
    second = photo_of()
    assert second != first
    assert files(app) == {f"{second}-small.webp", f"{second}-large.webp"}
    kept = send(bob, name="")  # saved without a photo: the one there is stays
    assert (kept.status_code, photo_of()) == (303, second)
    assert "Remove the photo" in bob.get(URL).text
    send(bob, name="", remove_photo="y")
    assert (photo_of(), files(app)) == ("", set())
    assert "Remove the photo" not in bob.get(URL).text


def test_the_same_photo_at_two_machines_belongs_to_each(app: Flask, world: World) -> None:
    bob, raw = world.browser(app, "bob"), picture()
    send(bob, raw)
    send_to(bob, "/machines/printer/edit", FIELDS, raw, "x.jpg")
    send(bob, name="", remove_photo="y")
    assert {name.partition("-")[0] for name in files(app)} == {photo_of("printer")}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"no picture at all", "This is no JPEG, PNG or WebP picture"),
        (picture()[:100], "This is no JPEG, PNG or WebP picture"),
        (b"\xff\xd8\xff" + b"\0" * (photos.MOST_BYTES + 1), "The file is larger than 8 MiB."),
        (picture("PNG", (8000, 5001)), "The picture has more than 40 million pixels."),
    ],
    ids=["text", "cut", "large", "pixels"],
)
def test_a_bad_file_is_refused_in_words_and_what_was_typed_stays(
    app: Flask, world: World, raw: bytes, sentence: str
) -> None:
    bob = world.browser(app, "bob")
    refused = send(bob, raw, serial="typed & kept")
    assert refused.status_code == 422
    assert sentence in refused.text
    assert "typed &amp; kept" in refused.text
    assert 'href="#photo"' in refused.text
    assert (photo_of(), files(app)) == ("", set())
    reading().rollback()
    assert reading().scalars(select(Machine.serial).where(Machine.slug == "laser")).one() == ""


def test_another_wrong_field_asks_for_the_photo_again(app: Flask, world: World) -> None:
    refused = send(world.browser(app, "bob"), picture(), capacity="many")
    assert refused.status_code == 422
    assert "Choose the photo again" in refused.text
    assert (photo_of(), files(app)) == ("", set())


@pytest.mark.parametrize("who", ["alice", "dora", "sam"])
def test_only_staff_of_the_site_may(app: Flask, world: World, who: str) -> None:
    browser = world.browser(app, who)
    sent = send_to(browser, URL, FIELDS, picture(), "x.jpg", page="/profile")
    assert sent.status_code == 403
    assert (photo_of(), files(app)) == ("", set())


def test_a_photo_that_cannot_be_written_down_leaves_no_file(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos.services, "set_photo", lambda *_args, **_more: 1 / 0)
    send(world.browser(app, "bob"), picture())
    assert files(app) == set()
