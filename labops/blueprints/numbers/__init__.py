"""The numbers of sites and machines, for staff."""

from __future__ import annotations

from labops.blueprints.numbers import routes
from labops.blueprints.numbers.base import bp

__all__ = ["bp", "routes"]
