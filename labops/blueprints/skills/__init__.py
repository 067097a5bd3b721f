"""A person's own skills, her card, and the public page that checks one."""

from __future__ import annotations

from labops.blueprints.skills import routes
from labops.blueprints.skills.base import bp

__all__ = ["bp", "routes"]
