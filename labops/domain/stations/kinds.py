"""Where a code hangs."""

from __future__ import annotations

from enum import StrEnum


class StationKind(StrEnum):
    """Where a code hangs."""

    DOOR = "door"
    MACHINE = "machine"
