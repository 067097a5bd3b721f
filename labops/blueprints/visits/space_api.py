"""Whether the space is open, as the hackerspaces of the world tell one another: SpaceAPI 15."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, url_for
from flask_babel import force_locale

from labops.blueprints.access import public
from labops.blueprints.api.base import as_json
from labops.blueprints.assets import asset_url
from labops.blueprints.sites.base import found_site, presence
from labops.blueprints.visits.base import bp
from labops.domain.sites.queries import SiteView
from labops.domain.visits import queries
from labops.kernel import clock
from labops.kernel.db import reading


@bp.get("/spaceapi/<site>.json")
@public
def space_api(site: str) -> Response:
    """Answer with the site's state; any page of the world may read it."""
    with force_locale("en"):
        body = _described(found_site(site))
    response = Response(as_json(body), content_type="application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _described(site: SiteView) -> dict[str, Any]:
    now = clock.now()
    state = presence(site, now=now)
    inside = queries.occupancy(reading(), site)
    public_url = current_app.config["LABOPS"].public_url
    count: dict[str, Any] = {"value": inside.count, "name": "People in"}
    changed = state.opens_at if not state.open_now else None
    body: dict[str, Any] = {
        "api_compatibility": ["15"],
        "space": site.name,
        "logo": f"{public_url}{asset_url('favicon.svg')}",
        "url": f"{public_url}{url_for('sites.show', slug=site.slug)}",
        "location": _without_empty(
            {
                "address": f"{site.address}, {site.city}",
                **_place(site),
                "timezone": site.zone,
                "country_code": site.country,
            }
        ),
        "contact": _without_empty({"email": site.email, "phone": site.phone}),
        "state": _without_empty(
            {
                "open": state.open_now,
                "message": f"Opens {changed.isoformat()}" if changed else "",
            }
        ),
        "sensors": {"people_now_present": [count]},
    }
    if inside.capacity is not None:
        body["ext_capacity"] = inside.capacity
    return body


def _place(site: SiteView) -> dict[str, float]:
    """Return where it is; the one without the other is nowhere."""
    if site.latitude is None or site.longitude is None:
        return {}
    return {"lat": site.latitude, "lon": site.longitude}


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in {None, ""}}
