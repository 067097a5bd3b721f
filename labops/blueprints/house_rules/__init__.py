"""Pages of house rules: every level, small forms, text, files, history, and what would change."""

from __future__ import annotations

from labops.blueprints.house_rules import (
    entry_routes,
    files,
    history,
    levels,
    part_routes,
    replaying,
    saving,
    text,
)
from labops.blueprints.house_rules.base import bp

__all__ = [
    "bp",
    "entry_routes",
    "files",
    "history",
    "levels",
    "part_routes",
    "replaying",
    "saving",
    "text",
]
