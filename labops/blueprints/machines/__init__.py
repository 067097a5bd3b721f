"""The inventory in the browser: for everybody to look at, for staff to keep."""

from __future__ import annotations

from labops.blueprints.machines import asking, editing, importing, routes
from labops.blueprints.machines.base import bp

__all__ = ["asking", "bp", "editing", "importing", "routes"]
