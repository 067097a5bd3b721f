"""Facts that are true because time has passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent

REMINDER_DUE = "ReminderDue"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderDue(DomainEvent):
    """A booking begins soon."""

    kind: ClassVar[str] = REMINDER_DUE
    booking_uid: str
    revision: int

    @property
    def dedupe_key(self) -> str:
        """One reminder for each revision of a booking."""
        return f"{self.kind}:{self.booking_uid}:{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _WeekBegun(DomainEvent):
    person_id: int
    monday: str
    until: str

    @property
    def dedupe_key(self) -> str:
        """One letter a week and person."""
        return f"{self.kind}:{self.person_id}:{self.monday}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestDue(_WeekBegun):
    """A week began for somebody who wants to know what she booked."""

    kind: ClassVar[str] = "DigestDue"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDigestDue(_WeekBegun):
    """A week began for somebody who wants to know what comes at her sites."""

    kind: ClassVar[str] = "StaffDigestDue"
