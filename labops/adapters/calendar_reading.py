"""Read calendars from outside: parsed in a child process, local times by the site's zone."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from labops.domain.closures.values import Occurrence
from labops.kernel import local_time
from labops.kernel.interval import Interval
from labops.kernel.text import one_line

LOOK_AHEAD = timedelta(days=400)
LONGEST = timedelta(days=400)
MOST_SECONDS = 10
LONGEST_REASON = 200
_CHILD = Path(__file__).with_name("calendar_child.py")


class CalendarRefused(Exception):
    """The calendar cannot be used; `code` and `params` make a sentence for people."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = params
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class ReadCalendar:
    """The occurrences of the next 400 days, and how many entries were left out as unusable."""

    occurrences: tuple[Occurrence, ...]
    left_out_count: int


def read(raw: bytes, zone: ZoneInfo, *, name: str, now: datetime) -> ReadCalendar:
    """Return what the calendar says is coming; raises `CalendarRefused`.

    `name` is the reason given for entries that have no words of their own.
    """
    said = _ask_child(raw, since=now - timedelta(days=1), until=now + LOOK_AHEAD)
    if "error" in said:
        raise CalendarRefused(said["error"], **said["params"])
    found: dict[str, Occurrence] = {}
    left_out_count = int(said["left_out_count"])
    for key, start, end, summary in said["occurrences"]:
        span = _span(start, end, zone)
        if span is None or span.length > LONGEST or key in found:
            left_out_count += 1
        elif span.ends_at > now:
            reason = one_line(summary)[:LONGEST_REASON] or name
            found[key] = Occurrence(key, span.starts_at, span.ends_at, reason)
    return ReadCalendar(tuple(found.values()), left_out_count)


def _ask_child(raw: bytes, *, since: datetime, until: datetime) -> dict[str, Any]:
    wanted = {"path": sys.path, "since": since.isoformat(), "until": until.isoformat()}
    try:
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, "-I", str(_CHILD)],
            input=json.dumps(wanted).encode() + b"\n" + raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},  # none of our secrets
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CalendarRefused("calendar.too-slow", seconds=MOST_SECONDS) from error
    try:
        said: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:  # killed by its limits before it could say anything
        raise CalendarRefused("calendar.too-large") from error
    return said


def _span(start: str, end: str, zone: ZoneInfo) -> Interval | None:
    try:
        return Interval(_instant(start, zone), _instant(end, zone))
    except (ValueError, OverflowError):  # ends before it starts, or lies beyond all calendars
        return None


def _instant(text: str, zone: ZoneInfo) -> datetime:
    if "T" not in text:
        return local_time.at_minute(date.fromisoformat(text), 0, zone)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or zone, fold=0).astimezone(UTC)
