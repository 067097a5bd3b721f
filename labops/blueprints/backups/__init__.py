"""Backups of this installation, for admins."""

from __future__ import annotations

from labops.blueprints.backups import routes
from labops.blueprints.backups.base import bp

__all__ = ["bp", "routes"]
