"""The inventory over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, request

from labops.blueprints.access import public
from labops.blueprints.api import schemas
from labops.blueprints.api.base import (
    answered,
    operation,
    paged,
    read_cursor,
    read_limit,
    read_window,
)
from labops.domain.bookings.policies import open_spans
from labops.domain.closures import queries as closures
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import write_rules
from labops.domain.machines import queries
from labops.domain.machines.queries import MachineView
from labops.domain.sites.queries import weekly_hours
from labops.kernel import ledger, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.interval import Interval

LONGEST_WINDOW = timedelta(days=93)


@operation(
    "GET",
    "/machines",
    "The inventory, by slug",
    access=public,
    answers={200: schemas.MachineList},
    query={
        "site": "slug of a site",
        "process": "identifier of a process",
        "q": "words in name, maker, model or type",
        "limit": "page size",
        "cursor": "from the Link of the page before",
    },
)
def machines() -> Response:
    """Answer with a page of machines."""
    limit = read_limit()
    found = queries.search(
        reading(),
        site=request.args.get("site"),
        process=request.args.get("process"),
        words=request.args.get("q", ""),
        after=read_cursor() or "",
        limit=limit + 1,
    )
    following = found[limit - 1].slug if len(found) > limit else None
    return paged([_shown(machine) for machine in found[:limit]], following)


@operation("GET", "/machines/{slug}", "One machine", access=public, answers={200: schemas.Machine})
def machine(slug: str) -> Response:
    """Answer with one machine."""
    return answered(_shown(queries.by_slug(reading(), slug)))


@operation(
    "GET",
    "/machines/{slug}/availability",
    "Claimed spans without names, and opening spans",
    access=public,
    answers={200: schemas.Availability},
    query={"from": "start, RFC 3339", "to": "end, RFC 3339; at most 93 days later"},
)
def machine_availability(slug: str) -> Response:
    """Answer with when the machine is claimed and when its site is open."""
    window = read_window(required=True)
    assert window is not None  # noqa: S101 - required
    if window.length > LONGEST_WINDOW:
        raise Invalid.field("to", "field.out-of-range", lowest=0, highest="93 d")
    session = reading()
    found = queries.by_slug(session, slug)
    busy = ledger.busy(session, [found.id], window)[found.id]
    hours = weekly_hours(session, found.site_id, found.site_revision)
    space_ids = [found.space_id] if found.space_id else []
    shut = tuple(
        Interval(closure.starts_at, closure.ends_at)
        for closure in closures.during(session, found.site_id, window, space_ids=space_ids)
    )
    opening = hours.open_during(window, local_time.zone(found.zone))
    return answered({"busy": _spans(busy), "open": _spans(open_spans(opening, shut))})


def _spans(spans: Any) -> list[dict[str, Any]]:
    return [{"starts_at": span.starts_at, "ends_at": span.ends_at} for span in spans]


def _shown(machine: MachineView) -> dict[str, Any]:
    rules = rules_in_force(
        reading(),
        machine.site_id,
        machine.site_revision,
        category=machine.type_slug,
        machine=machine.slug,
    )
    return {
        "slug": machine.slug,
        "name": machine.name,
        "site": machine.site,
        "space": machine.space,
        "machine_type": machine.type_slug,
        "process": machine.process,
        "maker": machine.maker,
        "model": machine.model,
        "state": machine.state,
        "state_reason": machine.state_reason,
        "envelope_mm": machine.envelope_mm,
        "materials": machine.materials,
        "capacity": machine.capacity,
        "setup_minutes": machine.setup_minutes,
        "cleanup_minutes": machine.cleanup_minutes,
        "certification_needed": machine.certification_needed,
        "description": machine.description,
        "house_rules": write_rules(rules),
    }
