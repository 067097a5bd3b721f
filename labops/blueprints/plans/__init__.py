"""Pages of plans, and of what people owe and have paid."""

from __future__ import annotations

from labops.blueprints.plans import account, describing, staff
from labops.blueprints.plans.base import bp

__all__ = ["account", "bp", "describing", "staff"]
