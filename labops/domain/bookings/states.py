"""Where a booking is in its life."""

from __future__ import annotations

from enum import StrEnum


class BookingState(StrEnum):
    """Where a booking is in its life."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    MISSED = "missed"
    REJECTED = "rejected"


class Outcome(StrEnum):
    """What became of the offer to hand a booking over."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"
    LAPSED = "lapsed"


OPEN_STATES = frozenset({BookingState.REQUESTED, BookingState.CONFIRMED, BookingState.CHECKED_IN})
HOLDING_STATES = OPEN_STATES | {BookingState.FINISHED}
# Whoever did not come used up time that others could have had; whoever cancelled did not.
QUOTA_STATES = OPEN_STATES | {BookingState.FINISHED, BookingState.MISSED}
