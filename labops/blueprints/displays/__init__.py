"""Screens on the wall of a site."""

from __future__ import annotations

from labops.blueprints.displays import routes
from labops.blueprints.displays.base import bp

__all__ = ["bp", "routes"]
