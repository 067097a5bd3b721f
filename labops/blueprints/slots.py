"""Slots as forms and addresses of pages write them: a day, a time, a length, in the site's zone."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from labops.kernel.interval import Interval

UNTIL = "until"
LENGTHS = (15, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440)


def prefilled(slot: Interval, zone: ZoneInfo) -> dict[str, Any]:
    """Return the values of a form that stand for the slot."""
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    minutes = int(slot.length.total_seconds() // 60)
    return {
        "date": start.date(),
        "start": start.time(),
        "length": str(minutes) if minutes in LENGTHS else UNTIL,
        "end_date": end.date(),
        "end": end.time(),
    }


def in_address(slot: Interval, zone: ZoneInfo) -> dict[str, Any]:
    """Return what an address says to fill such a form with the slot."""
    values = prefilled(slot, zone)
    written: dict[str, Any] = {
        "date": values["date"].isoformat(),
        "start": values["start"].isoformat("minutes"),
        "length": values["length"],
    }
    if values["length"] == UNTIL:
        written["end_date"] = values["end_date"].isoformat()
        written["end"] = values["end"].isoformat("minutes")
    return written
