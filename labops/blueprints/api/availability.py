"""Find a time over the API: "a laser for two hours this week"."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, request

from labops.blueprints.access import current_actor, public
from labops.blueprints.api import schemas
from labops.blueprints.api.base import (
    answered,
    operation,
    read_limit,
    read_number,
    read_window,
    reasons_in_json,
)
from labops.domain.bookings.finding import (
    LONGEST_PERIOD,
    MOST_FOUND,
    FoundTime,
    TimeSearch,
    find_times,
)
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Invalid

SOME = 10
LONGEST_MINUTES = 30 * 24 * 60
LARGEST_MM = 100_000


@operation(
    "GET",
    "/availability",
    "Earliest free slots on any fitting machine, soonest first",
    access=public,
    answers={200: schemas.FreeSlotList},
    query={
        "minutes": "how long",
        "from": "start, RFC 3339",
        "to": "end, RFC 3339; at most 93 days later",
        "process": "identifier of a process",
        "material": "identifier of a material",
        "site": "slug of a site",
        "machine": "slug of a machine",
        "width_mm": "of the workpiece",
        "depth_mm": "of the workpiece",
        "height_mm": "of the workpiece",
        "mine": "1 leaves out what you may not use",
        "limit": "how many, 10 unless said, 100 at most",
    },
)
def availability() -> Response:
    """Answer with free slots; signed in, with what keeps the person from each of them."""
    period = read_window(required=True)
    assert period is not None  # noqa: S101 - required
    if period.length > LONGEST_PERIOD:
        raise Invalid.field("to", "field.out-of-range", lowest=0, highest="93 d")
    minutes = read_number("minutes", lowest=1, highest=LONGEST_MINUTES)
    if minutes is None:
        raise Invalid.field("minutes", "field.required")
    sides = [
        read_number(name, lowest=0, highest=LARGEST_MM)
        for name in ("width_mm", "depth_mm", "height_mm")
    ]
    if sides[2] is not None and None in sides[:2]:
        raise Invalid.field("width_mm", "field.required")
    search = TimeSearch(
        length=timedelta(minutes=minutes),
        period=period,
        process=request.args.get("process"),
        material=request.args.get("material"),
        site=request.args.get("site"),
        machine=request.args.get("machine"),
        envelope_mm=tuple(side for side in sides if side is not None),
        only_mine=request.args.get("mine") == "1",
        limit=min(read_limit(SOME), MOST_FOUND),
    )
    found = find_times(reading(), search, current_actor().person_id, now=clock.now())
    return answered({"items": [_shown(slot) for slot in found]})


def _shown(found: FoundTime) -> dict[str, Any]:
    zone = local_time.zone(found.machine.zone)
    return {
        "machine": found.machine.slug,
        "machine_name": found.machine.name,
        "site": found.machine.site,
        "starts_at": found.slot.starts_at,
        "ends_at": found.slot.ends_at,
        "allowed": not found.problems,
        "reasons": reasons_in_json(found.problems, zone),
    }
