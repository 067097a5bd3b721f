"""Pages that bring a site's members in as a file, and out again."""

from __future__ import annotations

from labops.blueprints.member_lists import routes
from labops.blueprints.member_lists.base import bp

__all__ = ["bp", "routes"]
