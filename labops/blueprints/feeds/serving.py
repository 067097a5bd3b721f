"""What a calendar fetches: fast when nothing changed, small when something did.

The usual answer is "not modified", and it takes one statement: the feed's owner counts the changes
of her bookings, each site those of its names, and these numbers decide the ETag. Guessing a secret
of 256 bits is hopeless and a wrong one costs the same single statement, so nothing is counted per
address.
"""

from __future__ import annotations

import gzip
import hashlib
from datetime import datetime, timedelta
from threading import Lock

from flask import Response, current_app, request
from flask_babel import force_locale
from flask_babel import gettext as _

from labops.adapters.ical import FeedEvent, event_bytes, feed_bytes
from labops.blueprints.access import public
from labops.blueprints.feeds.base import bp
from labops.blueprints.feeds.cache import ByteCache
from labops.domain.bookings.states import BookingState
from labops.domain.calendars import queries, services
from labops.domain.calendars.queries import FeedBooking, LiveFeed
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.instance import instance_id

# Part of every ETag: raise it when the same bookings are to be written in another way.
FORMAT = "1"
MEBIBYTE = 1024 * 1024
POLL_NOTED_EVERY = timedelta(hours=1)
HEADERS = {
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Encoding",
    "X-Robots-Tag": "noindex",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
GIVEN_UP = {BookingState.CANCELLED, BookingState.MISSED, BookingState.REJECTED}

_bodies = ByteCache(8 * MEBIBYTE)
_fragments = ByteCache(8 * MEBIBYTE)
# Two programs that ask for one cold feed at once: the second waits for what the first makes.
_making = tuple(Lock() for _number in range(16))


@bp.get("/feeds/<secret>.ics")
@public
def feed(secret: str) -> Response:
    """Answer with the bookings of the secret's owner, or with 304 when the asker has them."""
    live = queries.live_feed(reading(), secret)
    if live is None:
        return Response("Not found.\n", 404, HEADERS, content_type="text/plain; charset=utf-8")
    now = clock.now()
    tag = _tag(live, now)
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
            _body(live, tag, now, zipped=zipped),
            headers=headers,
            content_type="text/calendar; charset=utf-8",
        )
    if live.polled_at is None or now - live.polled_at >= POLL_NOTED_EVERY:
        services.note_polled(live.id, client=request.user_agent.string, now=now)
    return response


def _tag(live: LiveFeed, now: datetime) -> str:
    """Return what changes whenever the body does: the window moves once a day."""
    told = (
        *(FORMAT, live.uid, live.revision, live.sites_revision),
        *(now.date(), live.language, live.person_name),
    )
    return hashlib.sha256("|".join(map(str, told)).encode()).hexdigest()


def _body(live: LiveFeed, tag: str, now: datetime, *, zipped: bool) -> bytes:
    kept = _bodies.get((tag, zipped))
    if kept is not None:
        return kept
    with _making[hash(tag) % len(_making)]:
        plain = _bodies.get((tag, False))
        if plain is None:
            plain = _made(live, now)
            _bodies.put((tag, False), plain)
        if not zipped:
            return plain
        body = _bodies.get((tag, True))
        if body is None:
            # Without a time in its head the same bookings give the same bytes.
            body = gzip.compress(plain, compresslevel=6, mtime=0)
            _bodies.put((tag, True), body)
        return body


def _made(live: LiveFeed, now: datetime) -> bytes:
    session = reading()
    bookings = queries.feed_bookings(session, live.person_id, now=now)
    instance = instance_id(session)
    with force_locale(live.language):
        return feed_bytes(
            [_fragment(booking, live.language, instance) for booking in bookings],
            name=_("Bookings of %(name)s", name=live.person_name),
            zone=bookings[-1].zone if bookings else "",
        )


def _fragment(booking: FeedBooking, language: str, instance: str) -> bytes:
    # The names are in the key too: a machine may be renamed while its bookings stay as they are.
    key = (
        booking.uid,
        booking.sequence,
        booking.revised_at,
        language,
        booking.machine_names,
        booking.site_name,
        booking.site_address,
    )
    kept = _fragments.get(key)
    if kept is None:
        kept = event_bytes(_event(booking), instance_id=instance)
        _fragments.put(key, kept)
    return kept


def _event(booking: FeedBooking) -> FeedEvent:
    state = BookingState(booking.state)
    return FeedEvent(
        uid=f"b-{booking.uid}",
        sequence=booking.sequence,
        created_at=booking.created_at,
        revised_at=booking.revised_at,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        state=(
            "cancelled"
            if state in GIVEN_UP
            else "tentative"
            if state is BookingState.REQUESTED
            else "confirmed"
        ),
        summary=_summary(state, ", ".join(booking.machine_names), booking.site_name),
        location=", ".join(part for part in (booking.site_name, booking.site_address) if part),
        description=booking.note,
        url=f"{current_app.config['LABOPS'].public_url}/bookings/{booking.uid}",
    )


def _summary(state: BookingState, machines: str, site: str) -> str:
    if state is BookingState.CANCELLED:
        return str(_("Cancelled: %(machines)s (%(site)s)", machines=machines, site=site))
    if state is BookingState.MISSED:
        return str(_("Missed: %(machines)s (%(site)s)", machines=machines, site=site))
    if state is BookingState.REJECTED:
        return str(_("Rejected: %(machines)s (%(site)s)", machines=machines, site=site))
    return f"{machines} ({site})"
