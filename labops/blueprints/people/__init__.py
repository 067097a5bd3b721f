"""Pages where staff look after people."""

from __future__ import annotations

from labops.blueprints.people import (
    acts,
    erasing,
    limits,
    merging,
    notes,
    profiles,
    routes,
    suspending,
)
from labops.blueprints.people.base import bp

__all__ = [
    "acts",
    "bp",
    "erasing",
    "limits",
    "merging",
    "notes",
    "profiles",
    "routes",
    "suspending",
]
