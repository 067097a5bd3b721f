"""What a strike is for."""

from __future__ import annotations

from enum import StrEnum


class StrikeKind(StrEnum):
    """What a strike is for."""

    MISSED = "missed"
    CANCELLED_LATE = "cancelled_late"
    MOVED_LATE = "moved_late"
