"""What the booking pages share: the site one looks at, days and addresses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, g, request, url_for

from labops.domain.people import queries as people
from labops.domain.sites import queries as sites
from labops.kernel import local_time
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor

bp = Blueprint("bookings", __name__)


@dataclass(frozen=True, slots=True)
class Place:
    """A site as the booking pages need it."""

    id: int
    slug: str
    name: str
    zone: ZoneInfo
    revision: int


def places() -> list[Place]:
    """Return all sites by name."""
    return [
        Place(site.id, site.slug, site.name, local_time.zone(site.zone), site.revision)
        for site in sites.all_sites(reading())
    ]


def chosen_place(among: list[Place], slug: str | None, actor: Actor) -> Place:
    """Return the site of that slug, else the one where the actor belongs, else the first.

    From here on refusals on this page speak of times in that site's zone. Raises `NotFound`
    for an unknown slug, and when there is no site at all.
    """
    if slug:
        found = next((place for place in among if place.slug == slug), None)
    else:
        home = _home_of(actor)
        found = next((place for place in among if place.id == home), among[0] if among else None)
    if found is None:
        raise NotFound
    g.zone = found.zone
    return found


def home_zone(actor: Actor) -> ZoneInfo | None:
    """Return the zone in which to tell the actor times that belong to no site."""
    among = places()
    return chosen_place(among, None, actor).zone if among else None


def read_day(name: str, default: date) -> date:
    """Return a day of the address; one that cannot be read, or cannot be shown, is the default."""
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return default
    # The weeks around the first and the last day that there is have no dates.
    return day if date(2000, 1, 1) <= day <= date(2200, 1, 1) else default


def today(zone: ZoneInfo, now: datetime) -> date:
    """Return the date at the site."""
    return now.astimezone(zone).date()


def same_page(**changes: Any) -> str:
    """Return the address of this page with some of its filters changed; `None` takes one out."""
    args = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in args.items() if value not in {None, ""}}
    return url_for(str(request.endpoint), **(request.view_args or {}), **kept)


def _home_of(actor: Actor) -> int | None:
    if actor.at_sites:
        return min(actor.at_sites)
    if actor.person_id is None:
        return None
    return next((m.site_id for m in people.memberships(reading(), actor.person_id)), None)
