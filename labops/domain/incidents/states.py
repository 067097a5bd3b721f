"""How bad a fault is."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad a fault is; one that stops takes the machine out of service at once."""

    NOTE = "note"
    CAREFUL = "careful"
    STOPS = "stops"
