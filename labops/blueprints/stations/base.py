"""What the pages of stations share: the place a code hangs at, and the address it stands for."""

from __future__ import annotations

from flask import Blueprint, current_app, g

from labops.blueprints.sites.base import found_site, key
from labops.domain.sites.queries import SiteView
from labops.domain.stations import queries
from labops.domain.stations.queries import StationView
from labops.kernel.db import reading

bp = Blueprint("stations", __name__)


def address_of(code: str) -> str:
    """Return the address that is printed: of the configured host, never of the web request's."""
    return f"{current_app.config['LABOPS'].public_url}/s/{code}"


def scanned(code: str) -> tuple[StationView, SiteView]:
    """Return the station of a code, a retired one too, and its site; raises `NotFound`."""
    station = queries.view_by_code(reading(), key(code))
    site = found_site(station.site)
    g.zone = site.tz
    return station, site
