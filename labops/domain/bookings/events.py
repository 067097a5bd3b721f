"""Facts about bookings that other parts hear of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from labops.kernel.outbox import DomainEvent


class Cause(StrEnum):
    """Why staff move or cancel the bookings of others."""

    MAINTENANCE = "maintenance"
    CLOSURE = "closure"
    OUT_OF_SERVICE = "out-of-service"


@dataclass(frozen=True, slots=True, kw_only=True)
class _BookingEvent(DomainEvent):
    booking_uid: str
    revision: int
    # The series whose own event tells of this one as well, when it came with others.
    series_uid: str = ""

    @property
    def dedupe_key(self) -> str:
        """One message for each revision of a booking."""
        return f"{self.kind}:{self.booking_uid}:{self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingConfirmed(_BookingEvent):
    """A booking was made."""

    kind: ClassVar[str] = "BookingConfirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequested(_BookingEvent):
    """A booking holds its time until staff agree."""

    kind: ClassVar[str] = "BookingRequested"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingApproved(_BookingEvent):
    """Staff agreed to a requested booking."""

    kind: ClassVar[str] = "BookingApproved"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRejected(_BookingEvent):
    """Staff said no to a requested booking, or nobody decided in time."""

    kind: ClassVar[str] = "BookingRejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingMoved(_BookingEvent):
    """A booking has another slot or other machines; with a `cause` by staff, who give a reason."""

    kind: ClassVar[str] = "BookingMoved"
    cause: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCancelled(_BookingEvent):
    """A booking was given up, by its owner or by staff; these may give a cause and a reason."""

    kind: ClassVar[str] = "BookingCancelled"
    cause: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingMissed(_BookingEvent):
    """Nobody checked in within the grace, and the time was released."""

    kind: ClassVar[str] = "BookingMissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingKept(_BookingEvent):
    """The person called, and staff keep the time for her to its end."""

    kind: ClassVar[str] = "BookingKept"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCheckedIn(_BookingEvent):
    """The person is at the machine."""

    kind: ClassVar[str] = "BookingCheckedIn"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFinished(_BookingEvent):
    """The use ended, early or on time."""

    kind: ClassVar[str] = "BookingFinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingHandedOver(_BookingEvent):
    """A booking is another member's now; `giver_uid` is the person whose it was."""

    kind: ClassVar[str] = "BookingHandedOver"
    giver_uid: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _HandOverEvent(DomainEvent):
    hand_over_uid: str

    @property
    def dedupe_key(self) -> str:
        """One message for each offer."""
        return f"{self.kind}:{self.hand_over_uid}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverOffered(_HandOverEvent):
    """An owner offers a booking to whoever has an address."""

    kind: ClassVar[str] = "HandOverOffered"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverDeclined(_HandOverEvent):
    """Whoever was offered a booking does not want it."""

    kind: ClassVar[str] = "HandOverDeclined"
