"""What stands in feeds besides bookings, as a value, and what its source is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEvent:
    """Something that is not a booking. `uid` is unique among all sources, without a domain."""

    uid: str
    sequence: int
    created_at: datetime
    revised_at: datetime
    starts_at: datetime
    ends_at: datetime
    state: Literal["tentative", "confirmed", "cancelled"]
    summary: str
    location: str = ""
    description: str = ""
    path: str = ""  # of its page, from the root: "/inductions/7d2f"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a source is asked for: whose feed, of which place if any, which span, which language."""

    person_id: int
    bookable_id: int | None
    site_id: int | None
    window: Interval
    language: str
