"""Use cases of feed addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from labops.domain.calendars import queries
from labops.domain.calendars.models import Feed
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.ids import digest, new_secret, new_uid
from labops.kernel.permissions import Actor
from labops.kernel.text import one_line

MOST_FEEDS = 20


def open_feed(*, actor: Actor, now: datetime, label: str = "") -> str:
    """Make an address for the actor's own bookings; return its secret, this once."""
    with unit_of_work() as session:
        person_id = actor.require_person()
        if len(queries.of_person(session, person_id)) >= MOST_FEEDS:
            raise Invalid.field("label", "feed.too-many", limit=MOST_FEEDS)
        return add_feed(session, person_id, actor=actor, now=now, label=label)


def add_feed(
    session: Session, person_id: int, *, actor: Actor, now: datetime, label: str = ""
) -> str:
    """Make the address inside the caller's transaction; return its secret."""
    secret = new_secret()
    feed = Feed(
        uid=new_uid(),
        person_id=person_id,
        scope="me",
        label=one_line(label)[:80],
        secret_digest=digest(secret),
        created_at=now,
    )
    session.add(feed)
    audit.record(session, actor, "feed.opened", f"feed:{feed.uid}", now=now)
    return secret


def revoke_feed(uid: str, *, actor: Actor, now: datetime) -> None:
    """Make an address of the actor's answer 404 from now on."""
    with unit_of_work() as session:
        feed = queries.by_uid(session, uid)
        if feed is None or not actor.owns(feed.person_id):
            raise NotFound
        _revoke(session, feed, actor=actor, now=now)


def revoke_secret(secret: str, *, actor: Actor, now: datetime) -> None:
    """Revoke the feed of a secret, for whoever runs the installation."""
    with unit_of_work() as session:
        feed = queries.by_secret(session, secret)
        if feed is None:
            raise NotFound
        _revoke(session, feed, actor=actor, now=now)


def note_polled(feed_id: int, *, client: str, now: datetime) -> None:
    """Note which program asked last; the caller does this at most once an hour."""
    with unit_of_work() as session:
        session.execute(
            update(Feed)
            .where(Feed.id == feed_id)
            .values(polled_at=now, polled_by=one_line(client)[:200])
        )


def _revoke(session: Session, feed: Feed, *, actor: Actor, now: datetime) -> None:
    if feed.revoked_at is None:
        feed.revoked_at = now
        audit.record(session, actor, "feed.revoked", f"feed:{feed.uid}", now=now)
