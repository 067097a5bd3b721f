"""Facts about incidents that other parts may hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _IncidentEvent(DomainEvent):
    incident_uid: str

    @property
    def dedupe_key(self) -> str:
        """An incident is reported once and solved once."""
        return f"{self.kind}:{self.incident_uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported(_IncidentEvent):
    """Somebody reported a fault."""

    kind: ClassVar[str] = "IncidentReported"


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSolved(_IncidentEvent):
    """Staff say that the fault is no more."""

    kind: ClassVar[str] = "IncidentSolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmReported(DomainEvent):
    """Somebody came to harm, or nearly."""

    kind: ClassVar[str] = "HarmReported"
    harm_uid: str

    @property
    def dedupe_key(self) -> str:
        """It is reported once."""
        return f"{self.kind}:{self.harm_uid}"
