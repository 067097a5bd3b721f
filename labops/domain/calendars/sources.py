"""What else than bookings stands in feeds, plugged in a line each.

A source is a read: it gets the window of a feed and returns what happens in it. It must give
the same events, in the same order, until something changes: their digest decides the ETag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from labops.domain.calendars.scopes import FeedKind
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


Source = Callable[[Session, Asked], Sequence[PlannedEvent]]

SOURCES: Mapping[FeedKind, tuple[Source, ...]] = {
    FeedKind.ME: (),
    FeedKind.MACHINE: (),
    FeedKind.SITE: (),
    FeedKind.INDUCTIONS: (),
}


def planned(session: Session, kind: FeedKind, asked: Asked) -> list[PlannedEvent]:
    """Return what all sources of a kind of feed have, by start."""
    found = [event for source in SOURCES[kind] for event in source(session, asked)]
    return sorted(found, key=lambda event: (event.starts_at, event.uid))
