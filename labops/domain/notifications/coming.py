"""Reads of the week to come, for the letters of Monday morning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.bookings import queries as bookings
from labops.domain.bookings.models import Booking
from labops.domain.bookings.queries import BookingView, Search
from labops.domain.bookings.states import OPEN_STATES, BookingState
from labops.domain.machines.models import Machine
from labops.domain.machines.states import MachineState
from labops.domain.people.queries import actor_of
from labops.domain.sites.models import Site
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission

# A letter that lists more is a table, and there is a page for that.
MOST_LISTED = 40
MOST_READ = 500  # with those that were given up


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWeek:
    """What comes at a site: how many bookings, what waits for staff, which machines stand still."""

    site_id: int
    name: str
    booking_count: int
    request_count: int
    out_of_service: tuple[str, ...]


def own_bookings(session: Session, person_id: int, window: Interval) -> list[BookingView]:
    """Return the person's bookings that begin in the window and stand, by start."""
    search = Search(window=window, person_id=person_id, limit=MOST_READ)
    found, _more = bookings.listed(session, search, Actor(person_id=person_id))
    return [
        booking
        for booking in found
        if booking.starts_at >= window.starts_at and booking.state in OPEN_STATES
    ][:MOST_LISTED]


def at_sites_of(
    session: Session, person_id: int, window: Interval, *, now: datetime
) -> list[SiteWeek]:
    """Return the week at every site where the person works now; none when she does not."""
    places = actor_of(session, person_id, now=now).sites_where(Permission.BOOKING_EDIT_OTHERS)
    query = select(Site.id, Site.name).order_by(Site.id)
    if places is not None:
        query = query.where(Site.id.in_(sorted(places)))
    return [_site_week(session, row.id, row.name, window, now) for row in session.execute(query)]


def _site_week(
    session: Session, site_id: int, name: str, window: Interval, now: datetime
) -> SiteWeek:
    booking_count = session.scalar(
        select(func.count()).where(
            Booking.site_id == site_id,
            Booking.starts_at >= window.starts_at,
            Booking.starts_at < window.ends_at,
            Booking.ends_at > window.starts_at,
            Booking.ends_at <= window.ends_at + bookings.LONGEST_BOOKING,
            Booking.state.in_(sorted(OPEN_STATES)),
        )
    )
    request_count = session.scalar(
        select(func.count()).where(
            Booking.site_id == site_id,
            Booking.state == BookingState.REQUESTED,
            Booking.ends_at > now,
        )
    )
    still = session.scalars(
        select(Machine.name)
        .where(Machine.site_id == site_id, Machine.state == MachineState.OUT_OF_SERVICE)
        .order_by(Machine.name)
    )
    return SiteWeek(
        site_id=site_id,
        name=name,
        booking_count=booking_count or 0,
        request_count=request_count or 0,
        out_of_service=tuple(still),
    )
