"""Sites in the browser: the page for everybody, and what their staff decide there."""

from __future__ import annotations

from labops.blueprints.sites import closing, outside, routes, spaces
from labops.blueprints.sites.base import bp

__all__ = ["bp", "closing", "outside", "routes", "spaces"]
