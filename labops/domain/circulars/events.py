"""Facts about circulars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent

CIRCULAR_SENT = "CircularSent"


@dataclass(frozen=True, slots=True, kw_only=True)
class CircularSent(DomainEvent):
    """A circular was sent to one of its receivers."""

    kind: ClassVar[str] = CIRCULAR_SENT
    circular_uid: str
    person_id: int

    @property
    def dedupe_key(self) -> str:
        """One letter for each receiver, however often the job that sends them begins again."""
        return f"{self.kind}:{self.circular_uid}:{self.person_id}"
