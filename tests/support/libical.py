"""libical, the library behind GNOME's and KDE's calendars, as a reader of feeds.

It is called through ctypes: its own bindings belong to the system's Python, not to an environment.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

_EVENT = 4  # ICAL_VEVENT_COMPONENT


class _Time(ctypes.Structure):
    """`icaltimetype` of libical 3: the clock's parts, and the zone in which it shows them."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("year", "month", "day", "hour", "minute", "second")),
        ("is_date", ctypes.c_int),
        ("is_daylight", ctypes.c_int),
        ("zone", ctypes.c_void_p),
    )


@cache
def library() -> Any:
    """Return the library, or `None` where it is not installed (Debian: apt install libical3)."""
    name = ctypes.util.find_library("ical")
    if name is None or not name.endswith(".so.3"):
        return None
    found = ctypes.CDLL(name)
    pointer = ctypes.c_void_p
    for function, result, arguments in (
        ("icalparser_parse_string", pointer, [ctypes.c_char_p]),
        ("icalcomponent_count_errors", ctypes.c_int, [pointer]),
        ("icalcomponent_get_first_component", pointer, [pointer, ctypes.c_int]),
        ("icalcomponent_get_next_component", pointer, [pointer, ctypes.c_int]),
        ("icalcomponent_get_uid", ctypes.c_char_p, [pointer]),
        ("icalcomponent_get_dtstart", _Time, [pointer]),
        ("icalcomponent_get_dtend", _Time, [pointer]),
        ("icaltime_as_timet_with_zone", ctypes.c_long, [_Time, pointer]),
        ("icalcomponent_free", None, [pointer]),
    ):
        of_library = getattr(found, function)
        of_library.restype, of_library.argtypes = result, arguments
    return found


def events(feed: bytes) -> Iterator[tuple[str, datetime, datetime]]:
    """Yield what it sees of each event: its UID, its start and its end in UTC.

    Raises `AssertionError` when it finds anything wrong with the feed.
    """
    ical = library()
    calendar = ical.icalparser_parse_string(feed)
    assert calendar
    try:
        assert ical.icalcomponent_count_errors(calendar) == 0
        event = ical.icalcomponent_get_first_component(calendar, _EVENT)
        while event:
            uid = ical.icalcomponent_get_uid(event).decode()
            start = _instant(ical, ical.icalcomponent_get_dtstart(event))
            yield uid, start, _instant(ical, ical.icalcomponent_get_dtend(event))
            event = ical.icalcomponent_get_next_component(calendar, _EVENT)
    finally:
        ical.icalcomponent_free(calendar)


def _instant(ical: Any, shown: _Time) -> datetime:
    return datetime.fromtimestamp(ical.icaltime_as_timet_with_zone(shown, shown.zone), tz=UTC)
