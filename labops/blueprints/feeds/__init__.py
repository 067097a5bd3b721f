"""Calendar addresses: the page where one makes and revokes them, and what calendars fetch."""

from __future__ import annotations

from labops.blueprints.feeds import routes, serving
from labops.blueprints.feeds.base import bp

__all__ = ["bp", "routes", "serving"]
