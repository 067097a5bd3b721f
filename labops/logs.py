"""Structured logs: one line an event, with the web request's id and without secrets.

A program reads JSON lines; a person at a terminal reads the same in words. Everything that is
logged passes the same redaction, exceptions and the logs of libraries included.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

HIDDEN = "***"
# Each pattern keeps its first group, what announces a secret, and hides the rest.
_SECRET = re.compile(
    r"""
    (/(?:feeds|s|t)/) [^\s"'?\#]+               # calendar addresses, wall codes, links in mails
    | (\b(?:bearer|basic)\s+) [^\s"',;]+
    | (\b(?:set-)?cookie["']?\s*[:=]\s*["']?) [^\r\n"']+
    | ((?:password|secret|secret_key|token|sign_in|labops_visit|authorization)
       ["']?\s*[:=]\s*["']?) (?!(?:bearer|basic)\s) [^\s&;,"']+
    | ([a-z][a-z0-9+.-]*://[^/\s:@"']*:) [^\s@"']+ (?=@)  # a password inside an address
    | (?<![\w-]) () (?:labops_)?[\w-]{43} (?![\w-]) # what kernel.ids.new_secret makes, anywhere
    """,
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
# No secret can stand in a text without one of these; looking for them first is cheaper.
_HINT = re.compile(
    r"/(?:feeds|s|t)/|://|bearer|basic|cookie|password|secret|token|sign_in|labops_visit|auth"
    r"|[\w-]{43}",
    re.IGNORECASE | re.ASCII,
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_RESERVED = frozenset({"time", "level", "logger", "message", "request_id", "exception"})
_QUIET = ("alembic", "apscheduler", "fontTools", "PIL")

request_id: ContextVar[str] = ContextVar("labops_request_id", default="")
access_log = logging.getLogger("labops.access")
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


def redacted(text: str) -> str:
    """Return the text without secrets; line breaks stay, other control characters do not."""
    if _HINT.search(text):
        text = _SECRET.sub(_keep_first_part, text)
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text
    )


def _keep_first_part(match: re.Match[str]) -> str:
    return (match[match.lastindex] if match.lastindex else "") + HIDDEN


class JsonLines(logging.Formatter):
    """Write a record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; never raises, whatever was logged."""
        return _encode(entry_of(record, self))


class Words(logging.Formatter):
    """Write a record for a person at a terminal; a continued line is indented and cannot forge."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the exception below it."""
        entry = entry_of(record, self)
        clock = entry["time"][11:23]
        extra = " ".join(f"{k}={v}" for k, v in entry.items() if k not in _RESERVED)
        words = [clock, entry["level"].upper().ljust(7), entry["message"], extra]
        lines = [" ".join(word for word in words if word), entry.get("exception", "")]
        return "\n".join(line for line in lines if line).replace("\n", "\n    ")


def entry_of(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, Any]:
    """Return what a line says: time (UTC), level, logger, message, request id, further fields."""
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):  # a wrong number of arguments is no reason to fail
        message = str(record.msg)
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    entry: dict[str, Any] = {
        "time": at.removesuffix("+00:00") + "Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": redacted(message),
    }
    if given := request_id.get():
        entry["request_id"] = given
    for key, value in getattr(record, "fields", {}).items():
        if key not in _RESERVED and value is not None:
            entry[key] = redacted(value) if isinstance(value, str) else value
    if record.exc_info and record.exc_info[0]:
        entry["exception"] = redacted(formatter.formatException(record.exc_info))
    return entry


def configure(level: str) -> None:
    """Send everything that is logged to standard error, once a process."""
    root = logging.getLogger()
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    if any(isinstance(handler.formatter, JsonLines | Words) for handler in root.handlers):
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Words() if sys.stderr.isatty() else JsonLines())
    root.addHandler(handler)


def init_app(app: Flask) -> None:
    """Give every web request an id and an access line."""
    settings = app.config["LABOPS"]
    if not app.testing:
        configure(settings.log_level)
    trusts_proxy = settings.trusted_proxies > 0

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "") if trusts_proxy else ""
        own = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        request_id.set(own)
        here = g._get_current_object()
        here.began, here.request_id = time.perf_counter(), own

    @app.after_request
    def end(response: Response) -> Response:
        here = g._get_current_object()
        if own := here.get("request_id"):
            response.headers["X-Request-ID"] = own
            if access_log.isEnabledFor(logging.INFO):
                _write_line(response, here.began, here.get("person_id"))
        return response


def _write_line(response: Response, began: float, person_id: int | None) -> None:
    fields: Mapping[str, object] = {
        "status": response.status_code,
        "ms": round((time.perf_counter() - began) * 1000, 1),
        "bytes": response.content_length,
        "person_id": person_id,
    }
    # The path alone: a query may hold what somebody searched for.
    access_log.info("%s %s", request.method, request.path, extra={"fields": fields})
