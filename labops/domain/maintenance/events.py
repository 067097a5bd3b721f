"""Facts about maintenance that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _MaintenanceEvent(DomainEvent):
    block_uid: str
    revision: int

    @property
    def dedupe_key(self) -> str:
        """One message for each revision of a block."""
        return f"{self.kind}:{self.block_uid}:{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePlanned(_MaintenanceEvent):
    """Machines were taken out of use for a span."""

    kind: ClassVar[str] = "MaintenancePlanned"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceChanged(_MaintenanceEvent):
    """A block has another span or other machines; what it gave back is free."""

    kind: ClassVar[str] = "MaintenanceChanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceEnded(_MaintenanceEvent):
    """The work was done early, and the rest of its time is free."""

    kind: ClassVar[str] = "MaintenanceEnded"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceCancelled(_MaintenanceEvent):
    """A block will not take place, and its time is free."""

    kind: ClassVar[str] = "MaintenanceCancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepDue(DomainEvent):
    """Work that comes round became due soon, due or overdue; `done_at` tells the rounds apart."""

    kind: ClassVar[str] = "UpkeepDue"
    plan_uid: str
    standing: str
    done_at: str

    @property
    def dedupe_key(self) -> str:
        """Each standing of each round is told once."""
        return f"{self.kind}:{self.plan_uid}:{self.done_at}:{self.standing}"
