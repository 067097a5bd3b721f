"""Visits inside their caller's transaction: counted under a lock, begun, ended, written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.sites.models import Site
from labops.domain.spaces.models import Space
from labops.domain.visits.events import VisitBegun, VisitEnded
from labops.domain.visits.models import Visit
from labops.kernel import audit, ledger, outbox
from labops.kernel.permissions import Actor


def lock(session: Session, site_id: int) -> None:
    """Make everybody else who wants to come in at the site wait; taken after all other locks.

    On SQLite the write transaction already is the lock. On PostgreSQL it is the weakest lock on
    the site's row that two cannot hold: whoever only refers to the row does not wait.
    """
    if ledger.guard_is_on():
        session.scalar(select(Site.id).where(Site.id == site_id).with_for_update(key_share=True))


def room(
    session: Session, site_id: int, space_id: int | None, *, moving: Visit | None
) -> int | None:
    """Return how many more may come in, at the site and into the space; `None`: nobody counts.

    `moving` is who is in already and goes into the space.
    """
    limits = []
    capacity = session.scalar(select(Site.people_capacity).where(Site.id == site_id))
    if capacity is not None and moving is None:
        limits.append(capacity - inside_count(session, site_id))
    if space_id is not None:
        capacity = session.scalar(select(Space.people_capacity).where(Space.id == space_id))
        if capacity is not None:
            limits.append(capacity - inside_count(session, site_id, space_id))
    return min(limits, default=None)


def inside_count(session: Session, site_id: int, space_id: int | None = None) -> int:
    """Return how many people are in, guests included."""
    query = select(func.coalesce(func.sum(Visit.people_count), 0)).where(
        Visit.site_id == site_id, Visit.ends_at.is_(None)
    )
    if space_id is not None:
        query = query.where(Visit.space_id == space_id)
    return int(session.scalar(query) or 0)


def open_visit(session: Session, person_id: int) -> Visit | None:
    """Return the visit that the person is on, wherever."""
    return session.scalar(
        select(Visit).where(Visit.person_id == person_id, Visit.ends_at.is_(None))
    )


def left_later(session: Session, person_id: int, site_id: int, at: datetime) -> bool:
    """Say whether the person left the site after the instant: what is told now is older."""
    query = select(Visit.id).where(
        Visit.person_id == person_id, Visit.site_id == site_id, Visit.ends_at > at
    )
    return session.scalar(query.limit(1)) is not None


def begin(session: Session, visit: Visit, *, actor: Actor, now: datetime) -> Visit:
    """Add the visit; a person who is still in elsewhere is taken to have left there."""
    if visit.person_id is not None:
        other = open_visit(session, visit.person_id)
        if other is not None:
            end(session, [other], actor=actor, at=max(visit.starts_at, other.starts_at), now=now)
    session.add(visit)
    session.flush()
    outbox.record(session, VisitBegun(visit_uid=visit.uid), now=now)
    after: dict[str, object] = {"people": visit.people_count}
    if visit.over_capacity:
        after["over_capacity"] = True
    audit.record(session, actor, "visit.begun", f"visit:{visit.uid}", now=now, after=after)
    return visit


def end(
    session: Session, visits: Sequence[Visit], *, actor: Actor, at: datetime, now: datetime
) -> None:
    """End the visits at the instant; none ends before it began."""
    for visit in visits:
        visit.ends_at = max(at, visit.starts_at)
        outbox.record(session, VisitEnded(visit_uid=visit.uid), now=now)
        audit.record(session, actor, "visit.ended", f"visit:{visit.uid}", now=now)
    session.flush()
