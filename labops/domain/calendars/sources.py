"""What else than bookings stands in feeds, plugged in a line each.

A source is a read: it gets the window of a feed and returns what happens in it. It must give
the same events, in the same order, until something changes: their digest decides the ETag.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from labops.domain.calendars import inductions
from labops.domain.calendars.planned import Asked, PlannedEvent
from labops.domain.calendars.scopes import FeedKind

__all__ = ["SOURCES", "Asked", "PlannedEvent", "planned"]


Source = Callable[[Session, Asked], Sequence[PlannedEvent]]

SOURCES: Mapping[FeedKind, tuple[Source, ...]] = {
    FeedKind.ME: (inductions.of_person,),
    FeedKind.MACHINE: (inductions.of_machine,),
    FeedKind.SITE: (inductions.of_site,),
    FeedKind.INDUCTIONS: (inductions.everywhere,),
}


def planned(session: Session, kind: FeedKind, asked: Asked) -> list[PlannedEvent]:
    """Return what all sources of a kind of feed have, by start."""
    found = [event for source in SOURCES[kind] for event in source(session, asked)]
    return sorted(found, key=lambda event: (event.starts_at, event.uid))
