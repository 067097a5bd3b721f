"""What a screen at a door shows and keeps: its codes, and who is in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from labops.adapters import qr
from labops.blueprints.stations.base import address_of
from labops.blueprints.visits.own import in_groups
from labops.domain.sites.queries import SiteView
from labops.domain.visits import codes, queries
from labops.domain.visits.kiosks import KioskView
from labops.kernel.db import reading

# The screen asks for new codes before the last one of these has passed.
SHOWN_STEPS = 6


def state_of(place: SiteView, kiosk: KioskView, now: datetime) -> dict[str, Any]:
    """Return what a screen needs to go on by itself for a while."""
    session = reading()
    first = codes.step_at(now, codes.SCREEN_STEP)
    inside = queries.inside(session, place, now=now)
    return {
        "now": now,
        "codes": [code_of(kiosk, step) for step in range(first, first + SHOWN_STEPS)],
        "count": sum(one.people_count for one in inside),
        "capacity": place.people_capacity,
        "inside": [
            {
                "name": one.name,
                "count": one.people_count,
                "names": list(one.names),
                "host": one.host,
                "minor": one.minor,
                "guest": one.guest,
                "since": one.since,
                "space": one.space,
            }
            for one in inside
        ],
    }


def code_of(kiosk: KioskView, step: int) -> dict[str, Any]:
    """Return the code of one step of time: until when it counts, as a picture and as digits."""
    key = queries.pass_key(reading())
    text = codes.screen_text(key, kiosk.station_id, step)
    return {
        "until": codes.begins_at(step + 1, codes.SCREEN_STEP),
        "svg": qr.svg(f"{address_of(kiosk.station_code)}?k={text}", title=_("Code to scan")),
        "digits": in_groups(codes.screen_digits(key, kiosk.station_id, step)),
    }
