"""Logs: one line an event, nothing secret, nothing forged."""

from __future__ import annotations

import json
import logging
import secrets
import sys

import pytest
from flask import Flask

from labops import logs
from labops.kernel.ids import new_code, new_secret
from labops.settings import Settings

SECRET = "S3" + secrets.token_urlsafe(20)


def record_of(message: str, *args: object, **more: object) -> logging.LogRecord:
    record = logging.LogRecord("labops.test", logging.INFO, __file__, 1, message, args, None)
    record.__dict__.update(more)
    return record


def line_of(message: str, *args: object, **more: object) -> dict[str, object]:
    written = logs.JsonLines().format(record_of(message, *args, **more))
    assert "\n" not in written
    read: dict[str, object] = json.loads(written)
    return read


@pytest.mark.parametrize(
    "text",
    [
        "/feeds/{}.ics",
        "GET https://labops.example.org/feeds/{} 404",
        "/s/{}",
        "/t/{}",
        "/t/{}.with.dots/and/more?next=1",
        "//t//{}",
        "Authorization: Bearer {}",
        "{{'Authorization': 'Basic {}'}}",
        "Cookie: labops_sign_in={}; labops_visit=x",
        "Set-Cookie: __Host-labops_sign_in={}; Path=/",
        "__Host-labops_sign_in={}",
        "password={}&email=a@example.org",
        '{{"password": "{}"}}',
        "smtp_password: {}",
        "LABOPS_SECRET_KEY={}",
        "smtp://labops:{}@mail.example.org:587",
        "postgresql+psycopg://u:{}@db.example.org/labops",
        "redis://:{}@127.0.0.1/0",
        "?token={}",
    ],
)
def test_secrets_do_not_reach_the_log(text: str) -> None:
    shown = logs.redacted(text.format(SECRET))
    assert SECRET not in shown
    assert "***" in shown


@pytest.mark.parametrize("secret", [new_secret(), f"labops_{new_secret()}"], ids=["bare", "token"])
def test_secrets_of_ours_are_known_wherever_they_stand(secret: str) -> None:
    assert secret not in logs.redacted(f"no account for {secret} here")


@pytest.mark.parametrize(
    "text",
    [
        "/api/v1/machines/mhuma-laser-2",
        "/sites/mhuma",
        "/static/vendor/app-3f2a.css",
        "database is at 127.0.0.1:5432",
        "https://labops.example.org/bookings/0123456789abcdef0123456789abcdef",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert logs.redacted(text) == text


def test_exceptions_and_fields_are_redacted_too() -> None:
    try:
        raise ValueError(f"cannot send through smtp://me:{SECRET}@host")
    except ValueError:
        error = sys.exc_info()
    line = line_of("failed", exc_info=error, fields={"url": f"/feeds/{SECRET}.ics", "left": None})
    assert SECRET not in json.dumps(line)
    assert "ValueError" in str(line["exception"])
    assert "left" not in line


def test_a_line_cannot_be_forged() -> None:
    line = line_of("tried %s", "a\r\n{}\x1b[2J\u2028b\x00")
    assert line["message"] == "tried a\ufffd\n{}\ufffd[2J\ufffdb\ufffd"
    words = logs.Words().format(record_of("tried %s", "a\n12:00:00 ERROR forged"))
    assert words.splitlines()[1].startswith("    ")


def test_fields_cannot_replace_what_every_line_says() -> None:
    assert line_of("real", fields={"message": "forged", "level": "debug"})["message"] == "real"


def test_wrong_arguments_do_not_lose_the_line() -> None:
    assert line_of("%d of %d", "x")["message"] == "%d of %d"


def test_times_are_rfc_3339_in_utc() -> None:
    at = line_of("x", created=1_774_746_000.25)["time"]
    assert at == "2026-03-29T01:00:00.250Z"


@pytest.fixture
def bare(request: pytest.FixtureRequest) -> Flask:
    """Return an application with nothing but logs, behind as many proxies as asked."""
    app = Flask("bare")
    app.testing = True
    app.config["LABOPS"] = Settings(trusted_proxies=getattr(request, "param", 0))
    logs.init_app(app)
    app.add_url_rule("/feeds/<token>.ics", view_func=lambda token: "ok")
    return app


def test_a_web_request_leaves_one_line(bare: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "labops.access"):
        answer = bare.test_client().get(f"/feeds/{SECRET}.ics?password={SECRET}")
    (record,) = caplog.records
    line = json.loads(logs.JsonLines().format(record))
    assert line["message"] == "GET /feeds/***"
    assert (line["status"], line["bytes"]) == (200, 2)
    assert line["ms"] >= 0
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert SECRET not in json.dumps(line)


@pytest.mark.parametrize("bare", [0, 1], indirect=True)
@pytest.mark.parametrize(
    ("given", "sane"),
    [("abcDEF-12345", True), ("short", False), ("x" * 65, False), ("a b c d e f g", False)],
)
def test_only_a_trusted_proxy_gives_request_ids(bare: Flask, given: str, sane: bool) -> None:
    trusted = bare.config["LABOPS"].trusted_proxies > 0
    answer = bare.test_client().get("/feeds/x.ics", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) == (trusted and sane)


def test_codes_on_walls_are_hidden_whatever_they_look_like() -> None:
    for _ in range(50):
        code = new_code()
        assert code not in logs.redacted(f"POST /s/{code}/check-in 303")
