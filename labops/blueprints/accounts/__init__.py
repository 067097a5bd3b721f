"""Pages of one's own account: signing up and in, profile, devices, tokens, letters."""

from __future__ import annotations

from labops.blueprints.accounts import erasing, letters, links, own, routes
from labops.blueprints.accounts.base import bp

__all__ = ["bp", "erasing", "letters", "links", "own", "routes"]
