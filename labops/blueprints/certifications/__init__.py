"""What managers say of each machine type's certifications, and certifying after a course."""

from __future__ import annotations

from labops.blueprints.certifications import many, types
from labops.blueprints.certifications.base import bp

__all__ = ["bp", "many", "types"]
