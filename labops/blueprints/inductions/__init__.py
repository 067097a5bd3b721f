"""Inductions: the list, a session, signing up, planning, and the attendance list."""

from __future__ import annotations

from labops.blueprints.inductions import attendance, planning, routes
from labops.blueprints.inductions.base import bp

__all__ = ["attendance", "bp", "planning", "routes"]
