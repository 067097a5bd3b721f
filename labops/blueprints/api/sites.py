"""Sites over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response

from labops.blueprints.access import public
from labops.blueprints.api import schemas
from labops.blueprints.api.base import answered, operation
from labops.domain.closures import queries as closures
from labops.domain.sites import queries
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval, without

AHEAD = timedelta(days=90)


@operation(
    "GET",
    "/sites",
    "All sites with opening hours, closures, and whether they are open now",
    access=public,
    answers={200: schemas.SiteList},
)
def sites() -> Response:
    """Answer with every site."""
    return answered({"items": [_shown(site) for site in queries.all_sites(reading())]})


@operation("GET", "/sites/{slug}", "One site", access=public, answers={200: schemas.Site})
def site(slug: str) -> Response:
    """Answer with one site."""
    found = queries.find_site(reading(), slug)
    if found is None:
        raise NotFound
    return answered(_shown(found))


def _shown(site: Any) -> dict[str, Any]:
    session, now = reading(), clock.now()
    hours = queries.weekly_hours(session, site.id, site.revision)
    shut = closures.during(session, site.id, Interval(now, now + AHEAD))
    moment = Interval(now, now + timedelta(minutes=1))
    opening = hours.open_during(moment, local_time.zone(site.zone))
    whole = [Interval(c.starts_at, c.ends_at) for c in shut if c.space_id is None]
    return {
        "slug": site.slug,
        "name": site.name,
        "address": site.address,
        "city": site.city,
        "zone": site.zone,
        "email": site.email,
        "phone": site.phone,
        "latitude": site.latitude,
        "longitude": site.longitude,
        "opening_hours": [
            {"weekday": weekday, "opens": _clock(opens), "closes": _clock(closes)}
            for weekday, opens, closes in hours.spans
        ],
        "closures": [
            {"starts_at": c.starts_at, "ends_at": c.ends_at, "reason": c.reason} for c in shut
        ],
        "open_now": any(span.contains(moment) for span in without(opening, whole)),
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
