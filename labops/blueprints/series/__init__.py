"""Pages of series: the occurrences, and changing or cancelling several of them."""

from __future__ import annotations

from labops.blueprints.series import routes
from labops.blueprints.series.base import bp

__all__ = ["bp", "routes"]
