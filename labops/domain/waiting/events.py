"""Facts about the waiting list that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class _WishEvent(DomainEvent):
    wish_uid: str

    @property
    def dedupe_key(self) -> str:
        """One message for each step of a wish."""
        return f"{self.kind}:{self.wish_uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WishJoined(_WishEvent):
    """Somebody waits for time that is taken."""

    kind: ClassVar[str] = "WishJoined"


@dataclass(frozen=True, slots=True, kw_only=True)
class WishWithdrawn(_WishEvent):
    """Somebody does not wait any more."""

    kind: ClassVar[str] = "WishWithdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class WishRemoved(_WishEvent):
    """Staff took a wish off the list, and said why."""

    kind: ClassVar[str] = "WishRemoved"


@dataclass(frozen=True, slots=True, kw_only=True)
class WishLapsed(_WishEvent):
    """The time waited for has passed."""

    kind: ClassVar[str] = "WishLapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfferEvent(DomainEvent):
    offer_uid: str

    @property
    def dedupe_key(self) -> str:
        """One message for each step of an offer."""
        return f"{self.kind}:{self.offer_uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(_OfferEvent):
    """Freed time is held for somebody who waited for it."""

    kind: ClassVar[str] = "OfferMade"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted(_OfferEvent):
    """An offer became a booking."""

    kind: ClassVar[str] = "OfferAccepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(_OfferEvent):
    """An offer was let go."""

    kind: ClassVar[str] = "OfferDeclined"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLapsed(_OfferEvent):
    """Nobody answered an offer in time."""

    kind: ClassVar[str] = "OfferLapsed"
