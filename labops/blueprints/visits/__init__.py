"""Passes, screens at doors, the desk, who is in, and what the world may know of that."""

from __future__ import annotations

from labops.blueprints.visits import desk, door, evacuation, own, space_api
from labops.blueprints.visits.base import bp

__all__ = ["bp", "desk", "door", "evacuation", "own", "space_api"]
