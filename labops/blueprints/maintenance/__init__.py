"""Maintenance in the browser: staff plan it and decide about the bookings in its way."""

from __future__ import annotations

from labops.blueprints.maintenance import broken, parts, planning, rounds, routes, tasks
from labops.blueprints.maintenance.base import bp

__all__ = ["bp", "broken", "parts", "planning", "rounds", "routes", "tasks"]
