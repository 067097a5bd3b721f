"""The review desk: the queue, a case with its criteria, its chronology, interests, numbers."""

from __future__ import annotations

from labops.blueprints.review import desk, interests, numbers
from labops.blueprints.review.base import bp

__all__ = ["bp", "desk", "interests", "numbers"]
