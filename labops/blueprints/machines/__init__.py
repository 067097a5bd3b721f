"""The inventory in the browser: for everybody to look at, for staff to keep."""

from __future__ import annotations

from labops.blueprints.machines import editing, importing, routes
from labops.blueprints.machines.base import bp

__all__ = ["bp", "editing", "importing", "routes"]
