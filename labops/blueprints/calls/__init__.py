"""Calls: what everybody reads, and what officers write."""

from __future__ import annotations

from labops.blueprints.calls import routes, writing
from labops.blueprints.calls.base import bp

__all__ = ["bp", "routes", "writing"]
