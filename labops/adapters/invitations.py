"""Invitations by mail (RFC 5546, RFC 6047): a feed's event with METHOD, organizer and attendee.

The event is the one that feeds show, byte for byte, so a calendar that knows a booking from a feed
knows it by the same UID and SEQUENCE here. No answer is wanted: nobody reads the sender's mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from labops.adapters.ical import FeedEvent, event_bytes
from labops.kernel.text import one_line

PRODUCT = "-//labops//invitations 1//EN"
_EVENT_END = b"END:VEVENT\r\n"
_CALENDAR_END = b"END:VCALENDAR\r\n"
# Parameters have no escape that every program knows for these.
_UNSAFE_SIGNS = str.maketrans(dict.fromkeys('"\\^', " "))
_MAILBOX_SIGNS = "!$&'*+-/=?_.~@"

Method = Literal["REQUEST", "CANCEL"]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and a bare address."""

    name: str
    address: str


def invitation_bytes(
    event: FeedEvent,
    method: Method,
    *,
    organizer: Mailbox,
    attendee: Mailbox,
    instance_id: str,
) -> bytes:
    """Return a calendar with the one event; raises `ValueError` when it does not fit the method.

    A request is for an event that stands, a cancellation for one that was given up. The
    organizer's address must be the sender's of the mail, or programs distrust it.
    """
    if (method == "CANCEL") != (event.state == "cancelled"):
        raise ValueError(f"{method} does not fit an event that is {event.state}.")
    # Imported late: icalendar takes 3 MiB of memory.
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    people = _line("ORGANIZER", organizer, {}) + _line(
        "ATTENDEE",
        attendee,
        {
            "CUTYPE": "INDIVIDUAL",
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": "ACCEPTED",
            "RSVP": "FALSE",
        },
    )
    head = bytes(calendar.to_ical()).removesuffix(_CALENDAR_END)
    body = event_bytes(event, instance_id=instance_id).removesuffix(_EVENT_END)
    return head + body + people + _EVENT_END + _CALENDAR_END


def _line(name: str, who: Mailbox, parameters: dict[str, str]) -> bytes:
    from icalendar import Parameters, vCalAddress
    from icalendar.parser import Contentline

    called = one_line(who.name.translate(_UNSAFE_SIGNS))
    given = Parameters(({"CN": called} if called else {}) | parameters)
    address = vCalAddress(f"mailto:{quote(one_line(who.address), safe=_MAILBOX_SIGNS)}")
    return bytes(Contentline.from_parts(name, given, address).to_ical()) + b"\r\n"
