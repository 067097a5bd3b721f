"""Use cases of feed addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from labops.domain.calendars import queries
from labops.domain.calendars.models import Feed
from labops.domain.calendars.scopes import FeedKind, FeedScope
from labops.domain.machines.models import Machine
from labops.domain.sites.models import Site
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound
from labops.kernel.ids import digest, new_secret, new_uid
from labops.kernel.permissions import Actor
from labops.kernel.text import one_line

MOST_FEEDS = 20
ME = FeedScope(FeedKind.ME)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFeed:
    """A wish for an address: of what, for which device, and how much it tells.

    `show_cancelled` is `None` for what is usual with the scope.
    """

    scope: FeedScope = ME
    label: str = ""
    names: bool = False
    show_cancelled: bool | None = None


def open_feed(*, actor: Actor, now: datetime, wish: OpenFeed | None = None) -> str:
    """Make an address for the actor; return its secret, this once.

    Raises `NotFound` for an unknown machine or site, `Invalid` when the actor may not follow it
    or has too many addresses, and `Forbidden` for names that the actor may not see there.
    """
    with unit_of_work() as session:
        person_id = actor.require_person()
        running = select(func.count()).where(Feed.person_id == person_id, Feed.revoked_at.is_(None))
        if (session.scalar(running) or 0) >= MOST_FEEDS:
            raise Invalid.field("label", "feed.too-many", limit=MOST_FEEDS)
        return add_feed(session, person_id, wish or OpenFeed(), actor=actor, now=now)


def add_feed(
    session: Session, person_id: int, wish: OpenFeed, *, actor: Actor, now: datetime
) -> str:
    """Make the address inside the caller's transaction; return its secret."""
    secret = new_secret()
    scope = wish.scope
    feed = Feed(
        uid=new_uid(),
        person_id=person_id,
        scope=scope.kind,
        bookable_id=_machine_id(session, scope.slug) if scope.kind is FeedKind.MACHINE else None,
        site_id=_site_id(session, scope.slug) if scope.kind is FeedKind.SITE else None,
        names=wish.names,
        show_cancelled=(
            scope.shows_cancelled if wish.show_cancelled is None else wish.show_cancelled
        ),
        label=one_line(wish.label)[:80],
        secret_digest=digest(secret),
        created_at=now,
    )
    session.add(feed)
    session.flush()  # so that it can be asked for
    # The rule that decides at every poll decides here too.
    live = queries.live_feed(session, secret, now=now)
    if live is None:
        raise Invalid.field("scope", "feed.not-yours")
    if wish.names and not live.names:
        raise Forbidden
    audit.record(
        session, actor, "feed.opened", f"feed:{feed.uid}", now=now, after={"scope": str(scope)}
    )
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


def _machine_id(session: Session, slug: str) -> int:
    found = session.scalar(select(Machine.id).where(Machine.slug == slug))
    if found is None:
        raise NotFound
    return found


def _site_id(session: Session, slug: str) -> int:
    found = session.scalar(select(Site.id).where(Site.slug == slug))
    if found is None:
        raise NotFound
    return found
