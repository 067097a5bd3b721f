"""What a calendar fetches: fast when nothing changed, small when something did.

The usual answer is "not modified", and it needs no body. Of one's own feed it takes one statement:
a person counts the changes of her bookings, an induction its own, each site those of its names. For
a machine or a site a second one reads which bookings stand in the feed and at which revision.
Rights are part of the first, so they are those of this moment. Guessing a secret of 256 bits is
hopeless and a wrong one costs the same single statement, so nothing is counted per address.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock

from flask import Response, request

from labops.blueprints.access import public
from labops.blueprints.feeds import making
from labops.blueprints.feeds.base import bp
from labops.blueprints.feeds.cache import ByteCache
from labops.domain.calendars import contents, queries, services
from labops.domain.calendars.queries import LiveFeed
from labops.domain.calendars.scopes import OF_A_PLACE, FeedKind
from labops.domain.calendars.sources import PlannedEvent
from labops.kernel import clock
from labops.kernel.db import reading

MEBIBYTE = 1024 * 1024
POLL_NOTED_EVERY = timedelta(hours=1)
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Encoding",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_bodies = ByteCache(8 * MEBIBYTE)
# Programs that ask for one cold feed at once: the others wait for what the first one makes.
_making = tuple(Lock() for _number in range(16))


@bp.get("/feeds/<secret>.ics")
@public
def feed(secret: str) -> Response:
    """Answer with the bookings of the secret's owner, or with 304 when the asker has them."""
    now = clock.now()
    live = queries.live_feed(reading(), secret, now=now)
    if live is None:
        return Response("Not found.\n", 404, HEADERS, content_type="text/plain; charset=utf-8")
    # What one signed up for is counted by a revision, and read only when a body is made.
    planned = [] if live.kind is FeedKind.ME else making.planned_events(live, now)
    tag = _tag(live, planned, now)
    zipped = request.accept_encodings.quality("gzip") > 0
    headers = {**HEADERS, "ETag": f'"{tag}-gzip"' if zipped else f'"{tag}"'}
    asked = request.if_none_match
    if asked.contains_weak(tag) or asked.contains_weak(f"{tag}-gzip"):
        response = Response(status=304, headers=headers)
        del response.headers["Content-Type"]
    else:
        headers["Content-Disposition"] = 'inline; filename="labops.ics"'
        if zipped:
            headers["Content-Encoding"] = "gzip"
        response = Response(
            _body(live, planned, tag, now, zipped=zipped),
            headers=headers,
            content_type="text/calendar; charset=utf-8",
        )
    if live.polled_at is None or now - live.polled_at >= POLL_NOTED_EVERY:
        services.note_polled(live.id, client=request.user_agent.string, now=now)
    return response


def _tag(live: LiveFeed, planned: Sequence[PlannedEvent], now: datetime) -> str:
    """Return what changes whenever the body does: the window moves once a day."""
    session = reading()
    told = (
        *(making.FORMAT, live.uid, live.kind, live.place, live.names, live.show_cancelled),
        *(now.astimezone(UTC).date(), live.language, live.person_name),
        *(queries.words(session, live.words_revision).stamp, _revision(live, now), planned),
    )
    return hashlib.sha256("|".join(map(str, told)).encode()).hexdigest()


def _revision(live: LiveFeed, now: datetime) -> str:
    if live.kind is FeedKind.ME:
        return f"{live.bookings_revision}.{live.inductions_revision}"
    if live.kind in OF_A_PLACE:
        # Others' bookings are not counted in one place, so it is looked at which there are.
        return contents.rows_digest(reading(), live, now=now)
    return ""


def _body(
    live: LiveFeed, planned: Sequence[PlannedEvent], tag: str, now: datetime, *, zipped: bool
) -> bytes:
    kept = _bodies.get((tag, zipped))
    if kept is not None:
        return kept
    with _making[live.id % len(_making)]:
        plain = _bodies.get((tag, False))
        if plain is None:
            if live.kind is FeedKind.ME:
                planned = making.planned_events(live, now)
            plain = making.body(live, planned, now)
            _bodies.put((tag, False), plain)
        if not zipped:
            return plain
        body = _bodies.get((tag, True))
        if body is None:
            # Without a time in its head the same bookings give the same bytes.
            body = gzip.compress(plain, compresslevel=6, mtime=0)
            _bodies.put((tag, True), body)
        return body
