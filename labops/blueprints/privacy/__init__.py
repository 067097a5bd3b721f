"""What is held about oneself, what one agrees to, and how long an installation keeps things."""

from __future__ import annotations

from labops.blueprints.privacy import mine, periods
from labops.blueprints.privacy.base import bp

__all__ = ["bp", "mine", "periods"]
