"""Presence over the API: in, out, and how full a site is."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Response, request

from labops.blueprints.access import current_actor, public, signed_in
from labops.blueprints.api import presence_schemas as schemas
from labops.blueprints.api.base import answered, operation, read_body
from labops.blueprints.visit_messages import RESULTS
from labops.domain.sites import queries as sites
from labops.domain.visits import queries, services
from labops.domain.visits.commands import Scan
from labops.domain.visits.outcomes import Outcome
from labops.domain.visits.states import Act, Way
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Refused

LONGEST_KEY = 60


@operation(
    "POST",
    "/check-ins",
    "Let somebody in at a site by her pass; without one, whoever asks",
    access=signed_in,
    body=schemas.NewCheckIn,
    answers={200: schemas.CheckIn},
)
def create_check_in() -> Response:
    """Begin a visit; an `Idempotency-Key` sent again gives the first answer again."""
    return _act(Act.CHECK_IN)


@operation(
    "POST",
    "/check-outs",
    "Let somebody out at a site by her pass; without one, whoever asks",
    access=signed_in,
    body=schemas.NewCheckIn,
    answers={200: schemas.CheckIn},
)
def create_check_out() -> Response:
    """End a visit."""
    return _act(Act.CHECK_OUT)


@operation(
    "GET",
    "/sites/{slug}/occupancy",
    "How many people are in, at the site and in its spaces",
    access=public,
    answers={200: schemas.Occupancy},
)
def occupancy(slug: str) -> Response:
    """Answer with numbers only."""
    found = queries.occupancy(reading(), sites.by_slug(reading(), slug))
    return answered(
        {
            "site": slug,
            "count": found.count,
            "capacity": found.capacity,
            "full": found.full,
            "spaces": [
                {"slug": one.slug, "name": one.name, "count": one.count, "capacity": one.capacity}
                for one in found.spaces
            ],
        }
    )


def _act(act: Act) -> Response:
    body, actor = read_body(schemas.NewCheckIn), current_actor()
    site = sites.by_slug(reading(), body.site)
    text = body.pass_text.strip()
    command = Scan(
        site_id=site.id,
        device=f"api:{actor.require_person()}",
        nonce=request.headers.get("Idempotency-Key", "")[:LONGEST_KEY] or str(uuid4()),
        act=act,
        way=Way.PASS if text.startswith("labops:") else Way.TYPED if text else Way.WALL,
        text=text,
        override_reason=body.override_reason,
    )
    outcome = services.scan(command, actor=actor, now=clock.now())
    if not outcome.welcome:
        raise Refused(outcome.problems, zone=site.zone)
    return answered(_shown(outcome, body.site))


def _shown(outcome: Outcome, site: str) -> dict[str, Any]:
    return {
        "site": site,
        "result": outcome.result.value,
        "detail": str(RESULTS[outcome.result]),
        "at": outcome.at,
        "since": outcome.since,
        "person": outcome.person_uid,
        "name": outcome.name,
        "replayed": outcome.replayed,
    }
