"""The JSON API, version 1: what programs may rely on."""

from __future__ import annotations

from labops.blueprints.api import (
    availability,
    bookings,
    incidents,
    inductions,
    labs,
    machines,
    presence,
    sites,
    token_use,
)
from labops.blueprints.api.base import bp
from labops.blueprints.api.docs import add_documentation

add_documentation(bp)

__all__ = [
    "availability",
    "bookings",
    "bp",
    "incidents",
    "inductions",
    "labs",
    "machines",
    "presence",
    "sites",
    "token_use",
]
