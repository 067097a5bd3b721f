"""Facts about strikes that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _StrikeEvent(DomainEvent):
    strike_uid: str

    @property
    def dedupe_key(self) -> str:
        """One message for each step of a strike."""
        return f"{self.kind}:{self.strike_uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeContested(_StrikeEvent):
    """A member says that a strike is wrong."""

    kind: ClassVar[str] = "StrikeContested"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrikeAnswered(_StrikeEvent):
    """Staff forgave a strike, or let it stand, and said why."""

    kind: ClassVar[str] = "StrikeAnswered"
