"""A linter of calendar feeds by line and octet: what no library parser complains about.

It shares no code with the program or with any calendar library. `lint` returns its findings; an
empty list means the feed is as RFC 5545 and our own rules want it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

MOST_OCTETS = 75  # of a physical line, without its CRLF
MOST_EVENTS = 2_000
CALENDAR_PROPERTIES = frozenset(
    (
        *("VERSION", "PRODID", "NAME", "DESCRIPTION", "X-WR-CALNAME", "X-WR-CALDESC"),
        *("REFRESH-INTERVAL", "X-PUBLISHED-TTL"),
    )
)
EVENT_PROPERTIES = frozenset(
    (
        *("UID", "SEQUENCE", "CREATED", "LAST-MODIFIED", "DTSTAMP", "DTSTART", "DTEND"),
        *("STATUS", "TRANSP", "CLASS", "SUMMARY", "LOCATION", "DESCRIPTION", "URL"),
    )
)
REQUIRED_OF_CALENDAR = ("VERSION", "PRODID", "NAME", "X-WR-CALNAME", "REFRESH-INTERVAL")
REQUIRED_OF_EVENT = ("UID", "SEQUENCE", "DTSTAMP", "LAST-MODIFIED", "DTSTART", "DTEND", "STATUS")
INSTANTS = ("DTSTAMP", "LAST-MODIFIED", "CREATED", "DTSTART", "DTEND")
TEXTS = ("SUMMARY", "LOCATION", "DESCRIPTION", "NAME", "X-WR-CALNAME", "X-WR-CALDESC", "UID")
ESCAPED = re.compile(r"(?:[^\\,;]|\\[\\,;nN])*")
STATES = ("TENTATIVE", "CONFIRMED", "CANCELLED")


class Finding(NamedTuple):
    """One rule that a feed breaks. `line` is the physical line, from 1; 0 is the whole feed."""

    rule: str
    line: int
    text: str


class Property(NamedTuple):
    """One logical line: its upper-case name, its parameters as written, its value."""

    name: str
    parameters: str
    value: str
    line: int


class Component(NamedTuple):
    """A VCALENDAR or VEVENT with its own properties."""

    name: str
    line: int
    properties: list[Property]

    def value(self, name: str) -> str | None:
        """The value of the first property of this name."""
        return next((p.value for p in self.properties if p.name == name), None)


def lint(feed: bytes) -> list[Finding]:
    """Return every finding in a feed, physical lines first."""
    found = list(_physical(feed))
    components, broken = _components(feed)
    found += broken
    events = [c for c in components if c.name == "VEVENT"]
    for component in components:
        found += _properties(component)
    for event in events:
        found += _event(event)
    found += _unique(events)
    if len(events) > MOST_EVENTS:
        found.append(Finding("size", 0, f"{len(events)} events, at most {MOST_EVENTS}"))
    return found


def _physical(feed: bytes) -> Iterator[Finding]:
    if not feed.endswith(b"\r\n"):
        yield Finding("crlf", 0, "the last line has no CRLF")
    for number, line in enumerate(feed.removesuffix(b"\r\n").split(b"\r\n"), 1):
        if b"\r" in line or b"\n" in line:
            yield Finding("crlf", number, "a bare CR or LF")
        if len(line) > MOST_OCTETS:
            yield Finding("octets", number, f"{len(line)} octets, at most {MOST_OCTETS}")
        if not line.strip():
            yield Finding("blank", number, "a line with nothing on it")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            yield Finding("utf8", number, str(error))
            continue
        for sign in sorted(set(text)):
            if _is_control(sign) and sign not in "\r\n":  # those have a finding already
                yield Finding("control", number, f"U+{ord(sign):04X}")


def _is_control(sign: str) -> bool:
    code = ord(sign)
    return code < 0x20 or 0x7F <= code <= 0x9F or code in (0x2028, 0x2029)


def _logical_lines(feed: bytes) -> Iterator[tuple[int, str]]:
    """Unfold, reading LF as CRLF so that one mistake does not hide the others."""
    start, whole = 0, b""
    for number, line in enumerate(feed.replace(b"\r\n", b"\n").split(b"\n"), 1):
        if line[:1] in (b" ", b"\t") and start:
            whole += line[1:]
            continue
        if whole:
            yield start, whole.decode("utf-8", "replace")
        start, whole = number, line
    if whole:
        yield start, whole.decode("utf-8", "replace")


def _property(number: int, line: str) -> Property:
    """Split at the first colon and semicolon outside quotes; no colon gives an empty name."""
    quoted = False
    semicolon = -1
    for place, sign in enumerate(line):
        if sign == '"':
            quoted = not quoted
        elif sign == ";" and not quoted and semicolon < 0:
            semicolon = place
        elif sign == ":" and not quoted:
            end = semicolon if semicolon >= 0 else place
            return Property(line[:end].upper(), line[end:place], line[place + 1 :], number)
    return Property("", "", line, number)


def _components(feed: bytes) -> tuple[list[Component], list[Finding]]:
    done: list[Component] = []
    open_ones: list[Component] = []
    found: list[Finding] = []
    for number, line in _logical_lines(feed):
        item = _property(number, line)
        if item.name == "BEGIN":
            wanted = "VEVENT" if open_ones else "VCALENDAR"
            if item.value != wanted or len(open_ones) > 1 or (not open_ones and done):
                found.append(Finding("structure", number, f"BEGIN:{item.value} here"))
            open_ones.append(Component(item.value, number, []))
        elif not open_ones:
            found.append(Finding("structure", number, "a line outside the calendar"))
        elif item.name == "END":
            if item.value != open_ones[-1].name:
                found.append(Finding("structure", number, f"END:{item.value} here"))
            done.append(open_ones.pop())
        else:
            open_ones[-1].properties.append(item)
    if open_ones or not done:
        found.append(Finding("structure", 0, "the calendar does not end"))
    return done + open_ones, found


def _properties(component: Component) -> Iterator[Finding]:
    is_calendar = component.name == "VCALENDAR"
    allowed = CALENDAR_PROPERTIES if is_calendar else EVENT_PROPERTIES
    counts = Counter(item.name for item in component.properties)
    for item in component.properties:
        if item.name not in allowed:
            yield Finding("property", item.line, f"{item.name or item.value!r} is not allowed")
        if item.name in TEXTS and not _is_escaped(item.value):
            yield Finding("escape", item.line, f"{item.name} holds a bare , or ; or \\")
        if counts[item.name] > 1:
            yield Finding("twice", item.line, f"{item.name} stands {counts[item.name]} times")
        if item.name == "REFRESH-INTERVAL" and item.parameters != ";VALUE=DURATION":
            yield Finding("duration", item.line, "REFRESH-INTERVAL without VALUE=DURATION")
    for name in REQUIRED_OF_CALENDAR if is_calendar else REQUIRED_OF_EVENT:
        if not component.value(name):
            yield Finding("missing", component.line, f"{component.name} without {name}")


def _is_escaped(value: str) -> bool:
    return ESCAPED.fullmatch(value) is not None


def _event(event: Component) -> Iterator[Finding]:
    instants: dict[str, datetime] = {}
    for name in INSTANTS:
        value = event.value(name)
        if value is None:
            continue
        try:
            # The Z stands for UTC; a zone's name or a floating time does not match.
            instants[name] = datetime.strptime(value, "%Y%m%dT%H%M%S%z")
        except ValueError:
            yield Finding("instant", event.line, f"{name}:{value} is no instant in UTC")
        else:
            if not value.endswith("Z"):
                yield Finding("instant", event.line, f"{name}:{value} is no instant in UTC")
    starts_at, ends_at = instants.get("DTSTART"), instants.get("DTEND")
    if starts_at and ends_at and ends_at <= starts_at:
        yield Finding("order", event.line, "DTEND is not after DTSTART")
    if event.value("DTSTAMP") != event.value("LAST-MODIFIED"):
        yield Finding("stamp", event.line, "DTSTAMP is not LAST-MODIFIED")
    if event.value("STATUS") not in STATES:
        yield Finding("state", event.line, f"STATUS:{event.value('STATUS')}")
    if not (event.value("SEQUENCE") or "").isdecimal():
        yield Finding("sequence", event.line, f"SEQUENCE:{event.value('SEQUENCE')}")


def _unique(events: list[Component]) -> Iterator[Finding]:
    counts = Counter(event.value("UID") for event in events)
    for event in events:
        if counts[event.value("UID")] > 1:
            yield Finding("unique", event.line, f"UID {event.value('UID')} stands twice")
