"""Becoming a member: one's own steps, the staff's board, and how a site composes its steps."""

from __future__ import annotations

from labops.blueprints.onboarding import board, composing, own
from labops.blueprints.onboarding.base import bp

__all__ = ["board", "bp", "composing", "own"]
