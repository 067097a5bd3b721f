"""Waivers: reading and signing them, the guardian's page, and what staff write and see."""

from __future__ import annotations

from labops.blueprints.waivers import guardian, own, staff
from labops.blueprints.waivers.base import bp

__all__ = ["bp", "guardian", "own", "staff"]
