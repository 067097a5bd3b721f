"""Facts about erasing. None carries a name or an address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _PersonEvent(DomainEvent):
    person_uid: str
    at: str

    @property
    def dedupe_key(self) -> str:
        """One message for each time."""
        return f"{self.kind}:{self.person_uid}:{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureAsked(_PersonEvent):
    """A person asked to be erased, and can take it back until then."""

    kind: ClassVar[str] = "ErasureAsked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureTakenBack(_PersonEvent):
    """She stays."""

    kind: ClassVar[str] = "ErasureTakenBack"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased(_PersonEvent):
    """Nothing tells who she was any more."""

    kind: ClassVar[str] = "PersonErased"
