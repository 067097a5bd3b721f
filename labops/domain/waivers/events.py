"""Facts about waivers and guardians that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAsked(DomainEvent):
    """Somebody who signed an older version is asked for the new one; `last` a week before."""

    kind: ClassVar[str] = "SignatureAsked"
    person_uid: str
    version_id: int
    last: bool = False

    @property
    def dedupe_key(self) -> str:
        """Each person is asked once, and reminded once, for each version."""
        return f"{self.kind}:{self.version_id}:{self.person_uid}:{self.last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _GuardianEvent(DomainEvent):
    guardian_uid: str
    at: str

    @property
    def dedupe_key(self) -> str:
        """One message for each time it happened."""
        return f"{self.kind}:{self.guardian_uid}:{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianInvited(_GuardianEvent):
    """A minor named an adult who answers for her."""

    kind: ClassVar[str] = "GuardianInvited"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianWithdrew(_GuardianEvent):
    """The guardian took her consent back."""

    kind: ClassVar[str] = "GuardianWithdrew"
