"""Pages of one's own account: signing up and in, profile, devices, tokens."""

from __future__ import annotations

from labops.blueprints.accounts import links, own, routes
from labops.blueprints.accounts.base import bp

__all__ = ["bp", "links", "own", "routes"]
