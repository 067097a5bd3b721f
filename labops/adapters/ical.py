"""Calendar feeds (RFC 5545, RFC 7986): one VEVENT an occurrence, in UTC, the same bytes each time.

A feed has no METHOD, no RRULE and no VTIMEZONE. DTSTAMP is the moment of the last revision, so a
booking's bytes change only with the booking: they may be cached and joined, and the result is what
the library would have written for the whole calendar.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from labops.kernel.text import one_line, without_controls

if TYPE_CHECKING:
    from icalendar import Calendar, Event, vText

# Constant within a release line: a version in here would change every feed's bytes and ETag.
PRODUCT = "-//labops//calendar feeds 1//EN"
NAMELESS = "labops"  # the name of a calendar whose own name has no visible sign
REFRESH_INTERVAL = timedelta(hours=1)  # the shortest time between two visits we ask for
_CALENDAR_END = b"END:VCALENDAR\r\n"
_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=%~"

State = Literal["tentative", "confirmed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """One booking, closure or session as a calendar shows it.

    Instants are aware and kept in UTC. `uid` comes without a domain; `sequence` is the stored
    count of visible changes. Empty texts and an empty `url` are left out of the feed. Raises
    `ValueError` for a naive instant, an end that is not after the start, or a negative sequence.
    """

    uid: str
    sequence: int
    created_at: datetime
    revised_at: datetime
    starts_at: datetime
    ends_at: datetime
    state: State
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""
    private: bool = True

    def __post_init__(self) -> None:
        for name in ("created_at", "revised_at", "starts_at", "ends_at"):
            instant: datetime = getattr(self, name)
            if instant.tzinfo is None:
                raise ValueError(f"A feed needs aware instants, and {name} is naive.")
            # The format counts whole seconds.
            object.__setattr__(self, name, instant.astimezone(UTC).replace(microsecond=0))
        if self.ends_at <= self.starts_at:
            raise ValueError("A feed's event must end at least one second after it starts.")
        if self.sequence < 0:
            raise ValueError("A feed's sequence starts at 0 and only grows.")


def event_bytes(event: FeedEvent, *, instance_id: str) -> bytes:
    """Return the VEVENT of one event, ready to be cached and handed to `feed_bytes`.

    `instance_id` is the stored random name of this installation: with it the UID stays the same
    when the host name changes.
    """
    return bytes(_library_event(event, instance_id=instance_id).to_ical())


def feed_bytes(fragments: Iterable[bytes], *, name: str, description: str = "") -> bytes:
    """Return a whole calendar around the VEVENTs in `fragments`, kept in their order.

    `name` and `description` are what a calendar program shows. There is no X-WR-TIMEZONE: some
    readers turn every UTC time into that zone and lose the hour that comes twice in autumn.
    """
    return _header(name, description) + b"".join(fragments) + _CALENDAR_END


@lru_cache(maxsize=1_000)
def _header(name: str, description: str) -> bytes:
    """Return the calendar up to its first event: the same for as long as its names are."""
    whole = _library_calendar(name=name, description=description).to_ical()
    return bytes(whole).removesuffix(_CALENDAR_END)


def _library_event(event: FeedEvent, *, instance_id: str) -> Event:
    # Imported late: icalendar takes 3 MiB of memory, which workers that serve no feed, the
    # scheduler and the command line need not spend.
    from icalendar import Event

    component = Event()
    component.add("uid", _text_type()(one_line(f"{event.uid}@{instance_id}")))
    component.add("sequence", event.sequence)
    component.add("created", event.created_at)
    component.add("last-modified", event.revised_at)
    # Without METHOD, DTSTAMP is the moment of the last revision (RFC 5545, 3.8.7.2).
    component.add("dtstamp", event.revised_at)
    component.add("dtstart", event.starts_at)
    component.add("dtend", event.ends_at)
    component.add("status", event.state.upper())
    component.add("transp", "TRANSPARENT" if event.state == "cancelled" else "OPAQUE")
    component.add("class", "PRIVATE" if event.private else "PUBLIC")
    for name, text in (
        ("summary", one_line(event.summary)),
        ("location", one_line(event.location)),
        ("description", without_controls(event.description)),
    ):
        if text:
            component.add(name, _text_type()(text))
    if url := one_line(event.url):
        component.add("url", quote(url, safe=_URI_CHARACTERS))
    return component


def _library_calendar(*, name: str, description: str) -> Calendar:
    from icalendar import Calendar, vDuration

    calendar = Calendar()
    title = one_line(name) or NAMELESS
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    # Given as plain strings, these names would be written without escaping: commas and semicolons
    # bare, and only an `assert`, which `python -O` drops, between a line break and a new property.
    for key, text in (
        ("name", title),
        ("x-wr-calname", title),
        ("description", one_line(description)),
        ("x-wr-caldesc", one_line(description)),
    ):
        if text:
            calendar.add(key, _text_type()(text))
    # RFC 7986 demands the parameter; the library leaves it out unless told.
    calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH_INTERVAL))
    return calendar


@cache
def _text_type() -> type[vText]:
    """The library's TEXT value, in which a typed backslash and N stay what was typed."""
    from icalendar import vText

    class Text(vText):
        def to_ical(self) -> bytes:
            # The library takes a backslash before a capital N for a line break of ours: a name
            # such as `C:\New` would reach the calendar on two lines.
            return rb"\\N".join(vText(part).to_ical() for part in self.split("\\N"))

    return Text
