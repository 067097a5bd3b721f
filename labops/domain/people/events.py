"""Facts about accounts. None carries a secret: links are made when they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _AccountEvent(DomainEvent):
    account_id: int
    at: str

    @property
    def dedupe_key(self) -> str:
        """One message for each time it was asked for."""
        return f"{self.kind}:{self.account_id}:{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUp(_AccountEvent):
    """Somebody made an account and must show that the address is theirs."""

    kind: ClassVar[str] = "SignedUp"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpRepeated(_AccountEvent):
    """Somebody tried to sign up with an address that has an account."""

    kind: ClassVar[str] = "SignUpRepeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetAsked(_AccountEvent):
    """Somebody asked for a link to choose a new password."""

    kind: ClassVar[str] = "PasswordResetAsked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(_AccountEvent):
    """The password was changed; its owner is told in case it was not her."""

    kind: ClassVar[str] = "PasswordChanged"
