"""Inductions over the API."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from labops.blueprints.access import current_actor, public, signed_in
from labops.blueprints.api import schemas
from labops.blueprints.api.base import answered, operation, read_body
from labops.domain.inductions import queries, signing
from labops.domain.inductions.queries import Search
from labops.domain.inductions.views import SessionView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.text import one_line


@operation(
    "GET",
    "/inductions",
    "Inductions to come, by start, with the places that are left",
    access=public,
    answers={200: schemas.InductionList},
    query={"site": "slug of a site", "type": "slug of a machine type", "free": "1 for free places"},
)
def inductions() -> Response:
    """Answer with the sessions that are running and to come."""
    search = Search(
        now=clock.now(),
        site=one_line(request.args.get("site", "")),
        machine_type=one_line(request.args.get("type", "")),
        only_free=request.args.get("free") == "1",
    )
    found, _count = queries.listed(reading(), search)
    return answered({"items": [_shown(one) for one in found]})


@operation(
    "POST",
    "/inductions/{uid}/sign-up",
    "Take a place, or with `waits` one on the waiting list when every place is taken",
    access=signed_in,
    answers={200: schemas.InductionStanding},
    body=schemas.SignUpWish,
)
def sign_up_for_induction(uid: str) -> Response:
    """Sign the actor up."""
    waits = read_body(schemas.SignUpWish).waits if request.get_data() else False
    state = signing.sign_up(uid, actor=current_actor(), now=clock.now(), waits=waits)
    return answered({"uid": uid, "state": state, "late": False})


@operation(
    "POST",
    "/inductions/{uid}/cancel",
    "Give up one's place, or the wait for one",
    access=signed_in,
    answers={200: schemas.InductionStanding},
)
def give_up_induction(uid: str) -> Response:
    """Give up the actor's place."""
    late = signing.give_up(uid, actor=current_actor(), now=clock.now())
    return answered({"uid": uid, "state": "cancelled", "late": late})


def _shown(one: SessionView) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "site": one.site_slug,
        "machine_type": one.type_slug,
        "level": one.level,
        "machines": list(one.machines),
        "space": one.space or "",
        "teacher": one.teacher,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "places": one.places,
        "free": one.free_count,
        "waiting": one.waiting_count,
        "audience": one.audience,
        "needs": one.needs_slug or "",
        "youngest": one.youngest,
        "price": None if one.price is None else f"{one.price:.2f}",
        "note": one.note,
        "url": url_for("inductions.show", uid=one.uid),
    }
