"""Pages for the people who run a site: today, and the messages that went out."""

from __future__ import annotations

from labops.blueprints.staff import messages, today
from labops.blueprints.staff.base import bp

__all__ = ["bp", "messages", "today"]
