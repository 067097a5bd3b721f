"""The body of a feed: the kept texts of its bookings, and new ones where none fit any more."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from labops.adapters.ical import FeedEvent, event_bytes, feed_bytes
from labops.domain.bookings.states import BookingState
from labops.domain.calendars import contents, fragments, queries, sources
from labops.domain.calendars.contents import FeedBooking, Line
from labops.domain.calendars.fragments import Fragment
from labops.domain.calendars.queries import LiveFeed, Words
from labops.domain.calendars.scopes import FeedKind
from labops.domain.calendars.selecting import GIVEN_UP, Variant
from labops.domain.calendars.sources import PlannedEvent
from labops.kernel.db import reading
from labops.kernel.instance import feed_key, instance_id

# Part of every ETag and fragment: raise it when the same bookings are to be written in another
# way, be it only in other words.
FORMAT = "2"
UID_LENGTH = 32


def planned_events(feed: LiveFeed, now: datetime) -> list[PlannedEvent]:
    """Return what stands in the feed besides bookings."""
    asked = sources.Asked(
        person_id=feed.person_id,
        bookable_id=feed.bookable_id,
        site_id=feed.site_id,
        window=contents.window(now),
        language=feed.language,
    )
    return sources.planned(reading(), feed.kind, asked)


def body(feed: LiveFeed, planned: Sequence[PlannedEvent], now: datetime) -> bytes:
    """Return the whole calendar, in its owner's language."""
    session = reading()
    words = queries.words(session, feed.words_revision)
    instance = instance_id(session)
    with force_locale(feed.language):
        parts = [event_bytes(event_of_plan(one), instance_id=instance) for one in planned]
        if feed.kind is not FeedKind.INDUCTIONS:
            parts.append(_bookings(feed, words, instance, now))
        return feed_bytes(parts, name=name_of(feed))


def _bookings(feed: LiveFeed, words: Words, instance: str, now: datetime) -> bytes:
    """Return the VEVENTs of all the feed's bookings."""
    session, stamp = reading(), _stamp(words)
    ready = contents.joined(session, feed, language=feed.language, stamp=stamp, now=now)
    if ready is not None:
        return ready.encode()
    found = contents.lines(session, feed, language=feed.language, stamp=stamp, now=now)
    missing = [line for line in found if line.body is None]
    made = _made(missing, feed.language, stamp, words, instance)
    return "".join(line.body or made.get(line.booking_id, "") for line in found).encode()


def name_of(feed: LiveFeed) -> str:
    """Return what a calendar program calls the feed."""
    if feed.kind is FeedKind.ME:
        return str(_("Bookings of %(name)s", name=feed.person_name))
    if feed.kind is FeedKind.INDUCTIONS:
        return str(_("Inductions"))
    return f"{feed.place} ({feed.site_name})" if feed.kind is FeedKind.MACHINE else feed.place


def event_of(booking: FeedBooking) -> FeedEvent:
    """Return a booking as its variant shows it, in the language in force."""
    busy = booking.variant is Variant.BUSY
    state = BookingState(booking.state)
    where = (booking.site_name, booking.site_address)
    root = current_app.config["LABOPS"].public_url
    return FeedEvent(
        uid=_busy_uid(booking.uid) if busy else f"b-{booking.uid}",
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
        summary=_summary(booking, state),
        location="" if busy else ", ".join(part for part in where if part),
        description=booking.note,
        url="" if busy else f"{root}/bookings/{booking.uid}",
        private=not busy,
    )


def event_of_plan(plan: PlannedEvent) -> FeedEvent:
    """Return what is not a booking as a calendar shows it."""
    root = current_app.config["LABOPS"].public_url
    return FeedEvent(
        uid=plan.uid,
        sequence=plan.sequence,
        created_at=plan.created_at,
        revised_at=plan.revised_at,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        state=plan.state,
        summary=plan.summary,
        location=plan.location,
        description=plan.description,
        url=f"{root}{plan.path}" if plan.path else "",
        private=False,
    )


def _made(
    missing: Sequence[Line], language: str, stamp: str, words: Words, instance: str
) -> dict[int, str]:
    """Make the texts that are not there, keep them, and return them by the booking's id."""
    made = [
        Fragment(
            booking_id=booking.id,
            variant=booking.variant,
            language=language,
            sequence=booking.sequence,
            revised_at=booking.revised_at,
            stamp=stamp,
            person_name=booking.person_name,
            body=event_bytes(event_of(booking), instance_id=instance).decode(),
        )
        for booking in contents.bookings_of(reading(), missing, words)
    ]
    fragments.keep(made)
    return {fragment.booking_id: fragment.body for fragment in made}


def _stamp(words: Words) -> str:
    """Return what stands for everything that texts are made of besides the booking itself."""
    told = (FORMAT, _library(), current_app.config["LABOPS"].public_url, words.stamp)
    return hashlib.sha256("|".join(told).encode()).hexdigest()[:32]


@cache
def _library() -> str:
    return version("icalendar")


def _busy_uid(uid: str) -> str:
    """Return a name for a stranger's booking that says nothing of its page or its own feed."""
    key = feed_key(reading()).encode()
    return f"x-{hmac.new(key, uid.encode(), hashlib.sha256).hexdigest()[:UID_LENGTH]}"


def _summary(booking: FeedBooking, state: BookingState) -> str:
    machines, site = ", ".join(booking.machine_names), booking.site_name
    if booking.person_name:
        machines = str(_("%(person)s: %(machines)s", person=booking.person_name, machines=machines))
    if state is BookingState.CANCELLED:
        return str(_("Cancelled: %(machines)s (%(site)s)", machines=machines, site=site))
    if state is BookingState.MISSED:
        return str(_("Missed: %(machines)s (%(site)s)", machines=machines, site=site))
    if state is BookingState.REJECTED:
        return str(_("Rejected: %(machines)s (%(site)s)", machines=machines, site=site))
    if booking.variant is Variant.BUSY:
        return str(_("Busy: %(machines)s", machines=machines))
    return f"{machines} ({site})"
