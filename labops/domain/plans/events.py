"""Facts about plans and payments that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChanged(DomainEvent):
    """A plan was started, renewed, suspended, resumed or ended, or ends with its period soon."""

    kind: ClassVar[str] = "SubscriptionChanged"
    subscription_uid: str
    act: str
    at: str

    @property
    def dedupe_key(self) -> str:
        """One letter for each time it happened."""
        return f"{self.kind}:{self.subscription_uid}:{self.act}:{self.at}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecorded(DomainEvent):
    """Staff wrote down that somebody paid."""

    kind: ClassVar[str] = "PaymentRecorded"
    payment_uid: str

    @property
    def dedupe_key(self) -> str:
        """Each payment is written down once."""
        return f"{self.kind}:{self.payment_uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementReady(DomainEvent):
    """A month is over for somebody's account at a site."""

    kind: ClassVar[str] = "StatementReady"
    account_id: int
    month: str

    @property
    def dedupe_key(self) -> str:
        """One letter for each account and month."""
        return f"{self.kind}:{self.account_id}:{self.month}"
