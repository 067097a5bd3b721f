"""Applications: the pages of a lab, and the files and papers of a case."""

from __future__ import annotations

from labops.blueprints.applications import acts, papers, routes, steps
from labops.blueprints.applications.base import bp

__all__ = ["acts", "bp", "papers", "routes", "steps"]
