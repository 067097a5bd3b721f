"""Read a calendar that a stranger wrote, in a process of its own that may be killed.

Run as a script by `calendar_reading`, with nothing of labops loaded. On standard input: a line of
JSON (`path`, `since`, `until`), then the calendar's bytes. On standard output: JSON, either
`occurrences` (lists of key, start, end, summary) and `left_out_count`, or `error` and `params`.
A start or end is a date, an instant with its offset, or a local time without one.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

MEGABYTE = 1024 * 1024
MOST_MEMORY = 512 * MEGABYTE
MOST_SECONDS = 10
MOST_COMPONENTS = 5_000
MOST_OCCURRENCES = 2_000
LONGEST_SUMMARY = 400
_RULE = re.compile(r"\s*(?:RRULE|EXRULE)\s*[;:]", re.IGNORECASE)
# More often than daily, said openly or by listing hours, minutes or seconds of the day.
_TOO_OFTEN = re.compile(
    r"(?:SECOND|MINUTE|HOUR)LY|BY(?:HOUR|MINUTE|SECOND)\s*=[^;]*,", re.IGNORECASE
)


class Unreadable(Exception):
    """The calendar is refused; the code makes a sentence."""

    def __init__(self, code: str, **params: int) -> None:
        self.code = code
        self.params = params
        super().__init__(code)


def main() -> None:
    """Read, and answer."""
    limit()
    wanted = json.loads(sys.stdin.buffer.readline())
    sys.path[:] = wanted["path"]
    since, until = (datetime.fromisoformat(wanted[name]) for name in ("since", "until"))
    json.dump(answer(sys.stdin.buffer.read(), since, until), sys.stdout)


def limit() -> None:
    """Let this process take no more than its share of memory and time."""
    try:
        import resource
    except ImportError:  # Windows: the parent's clock still stands
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(raw: bytes, since: datetime, until: datetime) -> dict[str, Any]:
    """Return what is said of the calendar, whatever is wrong with it."""
    try:
        return read(raw, since, until)
    except Unreadable as refusal:
        return {"error": refusal.code, "params": refusal.params}
    except MemoryError:
        return {"error": "calendar.too-large", "params": {}}
    except Exception:  # noqa: BLE001 - the library has no error of its own for broken files
        return {"error": "calendar.unreadable", "params": {}}


def read(raw: bytes, since: datetime, until: datetime) -> dict[str, Any]:
    """Return the occurrences that reach into the window; raises `Unreadable`."""
    from icalendar import Calendar

    text = decoded(raw)
    check_lines(text)
    found: list[list[str]] = []
    left_out_count = 0
    for calendar in Calendar.from_ical(text, multiple=True):
        left_out_count += prepare(calendar)
        for written in occurrences(calendar, since, until):
            if written is None:
                left_out_count += 1
                continue
            if len(found) >= MOST_OCCURRENCES:
                raise Unreadable("calendar.too-many-occurrences", most=MOST_OCCURRENCES)
            found.append(written)
    return {"occurrences": found, "left_out_count": left_out_count}


def decoded(raw: bytes) -> str:
    """Return the text; old programs write what Windows called Western."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def check_lines(text: str) -> None:
    """Refuse what would be dear to read, or is no whole calendar, before any of it is read."""
    from icalendar.parser import Contentlines

    read_lines: Callable[[str], list[str]] = Contentlines.from_ical
    lines = [line for line in read_lines(text) if line.strip()]
    if not lines or not _says(lines[0], "BEGIN") or not _says(lines[-1], "END"):
        raise Unreadable("calendar.unreadable")
    count = sum(line[:5].upper() == "BEGIN" for line in lines)
    if count > MOST_COMPONENTS:
        raise Unreadable("calendar.too-many-components", most=MOST_COMPONENTS)
    if any(_RULE.match(line) and _TOO_OFTEN.search(line) for line in lines):
        raise Unreadable("calendar.too-often")


def _says(line: str, verb: str) -> bool:
    return line.strip().upper() == f"{verb}:VCALENDAR"


def prepare(calendar: Any) -> int:
    """Give events without a UID one that stays; drop those without a start, and count them."""
    broken = [
        event for event in calendar.subcomponents if _is_event(event) and not _has_start(event)
    ]
    calendar.subcomponents = [part for part in calendar.subcomponents if part not in broken]
    for event in calendar.subcomponents:
        if _is_event(event) and "UID" not in event:
            event["UID"] = _digest(_summary(event), _written(event["DTSTART"].dt))
    return len(broken)


def _is_event(component: Any) -> bool:
    return bool(component.name == "VEVENT")


def _has_start(event: Any) -> bool:
    try:
        return isinstance(event["DTSTART"].dt, date)
    except (KeyError, AttributeError, ValueError):  # none, several, or one nobody can read
        return False


def occurrences(calendar: Any, since: datetime, until: datetime) -> Iterator[list[str] | None]:
    """Yield key, start, end and summary of each; `None` for what cannot be used."""
    import recurring_ical_events

    groups: dict[str, list[Any]] = {}
    for event in filter(_is_event, calendar.subcomponents):
        groups.setdefault(str(event["UID"]), []).append(event)
    for events in groups.values():
        alone = calendar.copy()
        alone.subcomponents = events
        try:
            for series in recurring_ical_events.of(alone).series:
                for occurrence in series.between(since, until):
                    yield from _of_occurrence(occurrence)
        except (ValueError, TypeError, OverflowError):  # the others may still be fine
            yield None


def _of_occurrence(occurrence: Any) -> Iterator[list[str] | None]:
    event = occurrence.as_component(keep_recurrence_attributes=True)
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    start, end = event["DTSTART"].dt, event["DTEND"].dt
    if start == end:
        yield None
        return
    changed = occurrence.id.recurrence_id is not None
    repeats = changed or "RRULE" in event or "RDATE" in event
    which = _written(event["RECURRENCE-ID"].dt) if repeats else ""
    key = _digest(str(event["UID"]), which)
    yield [key, _written(start), _written(end), _summary(event)]


def _summary(event: Any) -> str:
    summary = event.get("SUMMARY", "")
    return str(summary[0] if isinstance(summary, list) else summary)[:LONGEST_SUMMARY]


def _written(moment: date) -> str:
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return moment.astimezone(UTC).isoformat()
    return moment.isoformat()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


if __name__ == "__main__":
    main()
