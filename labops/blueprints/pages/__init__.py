"""The first page, and the two statements that every public service owes."""

from __future__ import annotations

from labops.blueprints.pages.routes import bp

__all__ = ["bp"]
