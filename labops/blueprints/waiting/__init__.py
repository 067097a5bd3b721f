"""Pages of the waiting list: joining, one's own place in line, offers, and a site's list."""

from __future__ import annotations

from labops.blueprints.waiting import joining, mailed, routes, staff
from labops.blueprints.waiting.base import bp

__all__ = ["bp", "joining", "mailed", "routes", "staff"]
