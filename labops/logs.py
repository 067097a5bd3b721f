"""Structured logs: one JSON line an event, with the request's id and without secrets."""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, has_request_context, request

REDACTIONS = (
    (re.compile(r"(/feeds/)[^/\s\"'.?]+"), r"\1***"),
    (re.compile(r"(/s/)[^/\s\"'?]+"), r"\1***"),
    (re.compile(r"(/t/)[^/\s\"'?]+"), r"\1***"),
    (re.compile(r"(?i)(bearer\s+)[^\s\"']+"), r"\1***"),
    (re.compile(r"labops_[A-Za-z0-9_-]{20,}"), "labops_***"),
    (re.compile(r"(?i)((?:password|secret|token|sign_in)=)[^\s&;\"']+"), r"\1***"),
    (re.compile(r"(://[^/\s:@]+:)[^@\s/]+@"), r"\1***@"),
)
_REQUEST_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
access_log = logging.getLogger("labops.access")


def redacted(text: str) -> str:
    """Return the text without tokens, codes, passwords, or control characters."""
    for pattern, replacement in REDACTIONS:
        text = pattern.sub(replacement, text)
    return "".join(sign if sign.isprintable() or sign == "\n" else "?" for sign in text)


class JsonLines(logging.Formatter):
    """Write a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if has_request_context() and "request_id" in g:
            entry["request_id"] = g.request_id
        entry |= getattr(record, "fields", {})
        if record.exc_info:
            entry["exception"] = redacted(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def configure(level: str) -> None:
    """Send everything that is logged to standard error as JSON lines, once a process."""
    root = logging.getLogger()
    root.setLevel(level)
    if not any(isinstance(handler.formatter, JsonLines) for handler in root.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        root.addHandler(handler)
    logging.getLogger("apscheduler").setLevel("WARNING")
    logging.getLogger("fontTools").setLevel("WARNING")


def init_app(app: Flask) -> None:
    """Give every web request an id and an access line."""
    settings = app.config["LABOPS"]
    if not app.testing:
        configure(settings.log_level)
    trusts_proxy = settings.trusted_proxies > 0

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "") if trusts_proxy else ""
        g.request_id = given if _REQUEST_ID.match(given) else secrets.token_hex(8)

    @app.after_request
    def end(response: Response) -> Response:
        if "request_id" in g:
            response.headers["X-Request-ID"] = g.request_id
            if access_log.isEnabledFor(logging.INFO):
                _write_line(response)
        return response


def _write_line(response: Response) -> None:
    access_log.info(
        "%s %s",
        request.method,
        request.path,
        extra={
            "fields": {
                "status": response.status_code,
                "ms": round((time.perf_counter() - g.began) * 1000, 1),
                "bytes": response.content_length,
                "person_id": g.get("person_id"),
            }
        },
    )
