"""Firms in the browser: one's own, their people and hats; all of them for staff and officers."""

from __future__ import annotations

from labops.blueprints.firms import accounts, answering, describing, people
from labops.blueprints.firms.base import bp

__all__ = ["accounts", "answering", "bp", "describing", "people"]
