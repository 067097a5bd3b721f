"""Pages of strikes: a member's own, and what staff have to answer."""

from __future__ import annotations

from labops.blueprints.strikes import routes
from labops.blueprints.strikes.base import bp

__all__ = ["bp", "routes"]
