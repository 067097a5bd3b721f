"""Incidents in the browser: reporting, staff's list, what people take instead, harm."""

from __future__ import annotations

from labops.blueprints.incidents import harming, instead, reporting, solving
from labops.blueprints.incidents.base import bp

__all__ = ["bp", "harming", "instead", "reporting", "solving"]
