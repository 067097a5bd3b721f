"""Reading what a calendar shows with nothing but the text in hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime


def events(body: bytes) -> Iterator[tuple[str, datetime, datetime, str, int]]:
    """Yield uid, start, end, status and sequence of each event."""
    text = body.decode().replace("\r\n ", "")
    for event in text.split("BEGIN:VEVENT\r\n")[1:]:
        lines = dict(line.split(":", 1) for line in event.splitlines() if ":" in line)
        uid = lines["UID"].partition("@")[0].removeprefix("b-")
        yield (
            *(uid, _at(lines["DTSTART"]), _at(lines["DTEND"])),
            *(lines["STATUS"], int(lines["SEQUENCE"])),
        )


def _at(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
