"""Whoever forgot to check out is taken to have left at closing, by the site's clock on the wall.

The work is found by looking at who is in: a missed run loses nothing, and however late it runs the
visit ends when the site closed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.bookings.states import BookingState
from labops.domain.closures import queries as closures
from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.domain.visits import staying
from labops.domain.visits.models import Visit
from labops.kernel import ledger
from labops.kernel.db import reading, unit_of_work
from labops.kernel.interval import Interval
from labops.kernel.permissions import SYSTEM

# Whoever is still sweeping the floor belongs on the evacuation list.
LINGERING = timedelta(minutes=15)
# Whoever came while the site was shut has no closing time near: this is the longest stay then.
LONGEST_STAY = timedelta(hours=16)


def check_out_at_closing(*, now: datetime, dry_run: bool = False) -> int:
    """End the visits whose site has closed since; return how many."""
    session = reading()
    ids = session.execute(
        select(Visit.id, Visit.site_id).where(Visit.ends_at.is_(None)).order_by(Visit.id)
    ).all()
    views = {site_id: sites.by_id(session, site_id) for site_id in {row.site_id for row in ids}}
    count = 0
    for visit_id, site_id in ids:
        site = views[site_id]
        visit = session.get(Visit, visit_id)
        if visit is None or not _is_over(session, visit, site, now):
            continue
        count += 1
        if not dry_run:
            count -= not _check_out(visit_id, visit.person_id, site, now)
            session = reading()
    return count


def closes_at(session: Session, site: SiteView, since: datetime) -> datetime:
    """Return when a stay that began at the instant ends by itself: when the site closes next."""
    spans = closures.open_during(
        session,
        site.id,
        Interval(since, since + LONGEST_STAY),
        revision=site.revision,
        zone=site.tz,
    )
    ends = [span.ends_at for span in spans if span.ends_at > since]
    return min([*ends[:1], since + LONGEST_STAY])


def _is_over(session: Session, visit: Visit, site: SiteView, now: datetime) -> bool:
    if closes_at(session, site, visit.starts_at) + LINGERING > now:
        return False
    running = select(Booking.id).where(
        Booking.person_id == visit.person_id,
        Booking.site_id == site.id,
        Booking.state == BookingState.CHECKED_IN,
        Booking.ends_at > now,
    )
    return visit.person_id is None or session.scalar(running.limit(1)) is None


def _check_out(visit_id: int, person_id: int | None, site: SiteView, now: datetime) -> bool:
    """End one visit; `False` when somebody did it meanwhile."""
    with unit_of_work() as session:
        if person_id is not None:
            ledger.lock(session, people=[person_id])
        staying.lock(session, site.id)
        visit = session.get_one(Visit, visit_id)
        if visit.ends_at is not None or not _is_over(session, visit, site, now):
            return False
        at = max(closes_at(session, site, visit.starts_at), _left_machine(session, visit))
        visit.auto_closed = True
        staying.end(session, [visit], actor=SYSTEM, at=min(at, now), now=now)
        return True


def _left_machine(session: Session, visit: Visit) -> datetime:
    """Return when the person's last use during the visit ended: she was there until then."""
    if visit.person_id is None:
        return visit.starts_at
    found = session.scalar(
        select(Booking.finished_at)
        .where(
            Booking.person_id == visit.person_id,
            Booking.site_id == visit.site_id,
            Booking.finished_at > visit.starts_at,
        )
        .order_by(Booking.finished_at.desc())
        .limit(1)
    )
    return found or visit.starts_at
