"""When a question is asked."""

from __future__ import annotations

from enum import StrEnum


class AskedAt(StrEnum):
    """Before the use, with checking in, or after it, with finishing."""

    BEFORE = "before"
    AFTER = "after"
