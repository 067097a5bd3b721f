"""Facts about visits that other parts may hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _VisitEvent(DomainEvent):
    visit_uid: str

    @property
    def dedupe_key(self) -> str:
        """A visit begins once and ends once."""
        return f"{self.kind}:{self.visit_uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitBegun(_VisitEvent):
    """Somebody came in."""

    kind: ClassVar[str] = "VisitBegun"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitEnded(_VisitEvent):
    """Somebody left, or was taken to have left at closing."""

    kind: ClassVar[str] = "VisitEnded"


SILENT = frozenset({VisitBegun.kind, VisitEnded.kind})
