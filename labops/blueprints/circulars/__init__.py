"""Pages of circulars: one letter to many people."""

from __future__ import annotations

from labops.blueprints.circulars import routes
from labops.blueprints.circulars.base import bp

__all__ = ["bp", "routes"]
