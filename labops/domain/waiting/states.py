"""Where wishes and offers are in their lives."""

from __future__ import annotations

from enum import StrEnum


class WishState(StrEnum):
    """Where a wish is: in line, holding an offer, or over in one of three ways."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class OfferState(StrEnum):
    """Where an offer is: holding time, or over. One that was taken back went with its wish."""

    HELD = "held"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LAPSED = "lapsed"
    TAKEN_BACK = "taken_back"


OPEN_WISHES = frozenset({WishState.WAITING, WishState.OFFERED})
