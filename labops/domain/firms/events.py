"""Facts about firms that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmMailGiven(DomainEvent):
    """A firm gave an address, or asked for the mail again: it has to be proven."""

    kind: ClassVar[str] = "FirmMailGiven"
    firm_uid: str
    at: str

    @property
    def dedupe_key(self) -> str:
        """One mail for each time it was asked for."""
        return f"{self.kind}:{self.firm_uid}:{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmPersonInvited(DomainEvent):
    """A firm invited an address."""

    kind: ClassVar[str] = "FirmPersonInvited"
    invitation_uid: str
    at: str

    @property
    def dedupe_key(self) -> str:
        """One mail for each time it invited."""
        return f"{self.kind}:{self.invitation_uid}:{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirmPersonEvent(DomainEvent):
    firm_uid: str
    person_uid: str
    at: str

    @property
    def dedupe_key(self) -> str:
        """One message for each time it happened."""
        return f"{self.kind}:{self.firm_uid}:{self.person_uid}:{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmPersonJoined(_FirmPersonEvent):
    """Somebody accepted a firm's invitation."""

    kind: ClassVar[str] = "FirmPersonJoined"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmPersonLeft(_FirmPersonEvent):
    """Somebody left a firm, or was taken out of it."""

    kind: ClassVar[str] = "FirmPersonLeft"
    removed: bool = False
