"""What the pages of maintenance share."""

from __future__ import annotations

from flask import Blueprint

from labops.blueprints.access import current_actor
from labops.blueprints.sites.base import key, staffed_site
from labops.domain.maintenance import queries
from labops.domain.maintenance.queries import MaintenanceView
from labops.domain.sites.queries import SiteView
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Permission

bp = Blueprint("maintenance", __name__)


def staffed(slug: str) -> SiteView:
    """Return the site when the actor plans maintenance there and decides about bookings."""
    site = staffed_site(slug, Permission.MACHINE_EDIT)
    current_actor().require(Permission.BOOKING_EDIT_OTHERS, site.id)
    return site


def found_block(site: SiteView, uid: str) -> MaintenanceView:
    """Return a block of the site; raises `NotFound`."""
    block = queries.one(reading(), key(uid))
    if block.site_id != site.id:
        raise NotFound
    return block
