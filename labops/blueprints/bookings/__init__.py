"""Bookings in the browser: the calendar, one's own list, the form, and each booking's page."""

from __future__ import annotations

from labops.blueprints.bookings import (
    calendar,
    changes,
    checking,
    deciding,
    finding,
    growing,
    handing_over,
    making,
    routes,
)
from labops.blueprints.bookings.base import bp

__all__ = [
    "bp",
    "calendar",
    "changes",
    "checking",
    "deciding",
    "finding",
    "growing",
    "handing_over",
    "making",
    "routes",
]
