"""Facts about cases that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseActed(DomainEvent):
    """Something was done in a case: the entry of its history with that number."""

    kind: ClassVar[str] = "CaseActed"

    application_uid: str
    number: int
    action: str

    @property
    def dedupe_key(self) -> str:
        """One message for each entry."""
        return f"{self.kind}:{self.application_uid}:{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTermNear(DomainEvent):
    """The term of a review ends soon, or has passed (`late`)."""

    kind: ClassVar[str] = "CaseTermNear"

    application_uid: str
    due_on: str
    late: bool

    @property
    def dedupe_key(self) -> str:
        """One message before and one after each term."""
        return f"{self.kind}:{self.application_uid}:{self.due_on}:{'late' if self.late else 'near'}"
