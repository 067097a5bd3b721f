"""Calendars as others write them."""

from __future__ import annotations

from datetime import UTC, date, datetime


def calendar(*events: str, head: str = "") -> bytes:
    """Return an iCalendar file of these events, each a few lines of text."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//somebody//else//EN", *head.splitlines()]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.splitlines(), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def days(uid: str, first: date, after: date, summary: str = "Vacanze") -> str:
    """Return an event of whole days; the last one is the day before `after`."""
    return (
        f"UID:{uid}\nSUMMARY:{summary}\n"
        f"DTSTART;VALUE=DATE:{first:%Y%m%d}\nDTEND;VALUE=DATE:{after:%Y%m%d}"
    )


def span(uid: str, starts_at: datetime, ends_at: datetime, summary: str = "Evento") -> str:
    """Return an event between two instants."""
    start, end = (at.astimezone(UTC) for at in (starts_at, ends_at))
    return (
        f"UID:{uid}\nSUMMARY:{summary}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{end:%Y%m%dT%H%M%SZ}"
    )
