"""Values of outside calendars and of the closures they propose."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CalendarKind(StrEnum):
    """Where an outside calendar comes from."""

    ADDRESS = "address"
    FILE = "file"
    HOLIDAYS = "holidays"


class Change(StrEnum):
    """What a proposal would do."""

    NEW = "new"
    CHANGED = "changed"
    VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One entry of an outside calendar; `key` stays the same for the same UID and recurrence."""

    key: str
    starts_at: datetime
    ends_at: datetime
    reason: str

    @property
    def mark(self) -> str:
        """Return what is the same as long as the entry says the same."""
        said = f"{self.starts_at.isoformat()}\n{self.ends_at.isoformat()}\n{self.reason}"
        return hashlib.sha256(said.encode()).hexdigest()[:32]
