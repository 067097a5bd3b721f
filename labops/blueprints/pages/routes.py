"""Pages for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from labops.blueprints.access import current_actor, public
from labops.blueprints.privacy.words import PERIODS
from labops.domain.bookings import queries as bookings
from labops.domain.bookings.queries import BookingView, Search
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.closures import queries as closures
from labops.domain.machines.queries import counts_by_site
from labops.domain.memberships.states import MembershipState
from labops.domain.people import queries as people
from labops.domain.privacy import retention
from labops.domain.sites.queries import all_sites, weekly_hours
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.interval import Interval, without

bp = Blueprint("pages", __name__)
AHEAD = timedelta(days=7)
NEXT_BOOKINGS = 3


@dataclass(frozen=True, slots=True)
class SiteCard:
    """A site as the first page shows it: open until, or else opening next."""

    site: Any
    machine_count: int
    closes_at: datetime | None
    opens_at: datetime | None


@bp.get("/")
@public
def home() -> ResponseReturnValue:
    """Show the sites, and what comes next for whoever is signed in."""
    session, now = reading(), clock.now()
    counts = counts_by_site(session)
    cards = [_card(site, counts.get(site.id, 0), now) for site in all_sites(session)]
    return render_template(
        "pages/home.html", cards=cards, bookings=_next_bookings(now), joins=_belongs_nowhere()
    )


@bp.get("/accessibility")
@public
def accessibility() -> ResponseReturnValue:
    """Say how accessible labops is."""
    return render_template("pages/accessibility.html")


@bp.get("/privacy")
@public
def privacy() -> ResponseReturnValue:
    """Say what labops keeps about people, and for how long."""
    return render_template(
        "pages/privacy.html", periods=retention.periods(reading()), period_names=PERIODS
    )


def _belongs_nowhere() -> bool:
    """Say whether somebody has an account but neither a membership nor work anywhere."""
    actor = current_actor()
    if actor.person_id is None or actor.everywhere or actor.at_sites:
        return False
    states = {one.state for one in people.memberships(reading(), actor.person_id)}
    return MembershipState.ACTIVE not in states


def _card(site: Any, count: int, now: datetime) -> SiteCard:
    session, window = reading(), Interval(now, now + AHEAD)
    hours = weekly_hours(session, site.id, site.revision)
    shut = [
        Interval(closure.starts_at, closure.ends_at)
        for closure in closures.during(session, site.id, window)
    ]
    spans = without(hours.open_during(window, local_time.zone(site.zone)), shut)
    open_now = next((span for span in spans if span.starts_at <= now < span.ends_at), None)
    later = next((span for span in spans if span.starts_at > now), None)
    return SiteCard(
        site,
        count,
        open_now.ends_at if open_now else None,
        later.starts_at if later else None,
    )


def _next_bookings(now: datetime) -> list[BookingView]:
    actor = current_actor()
    if actor.person_id is None:
        return []
    window = Interval(now, now + bookings.LONGEST_BOOKING)
    found, _more = bookings.listed(
        reading(), Search(person_id=actor.person_id, window=window), actor
    )
    return [booking for booking in found if booking.state in OPEN_STATES][:NEXT_BOOKINGS]
