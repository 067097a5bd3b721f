"""The labs of the list over the API."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from labops.adapters.open_data.records import lab_record
from labops.blueprints.access import public
from labops.blueprints.api import lab_schemas as schemas
from labops.blueprints.api.base import answered, operation, paged, read_cursor, read_limit
from labops.blueprints.labs.base import root
from labops.blueprints.sites.base import asked, key
from labops.domain.labs import qualified, queries
from labops.domain.labs.listing import LabSearch, Point, find_labs
from labops.domain.labs.rights import today
from labops.domain.labs.vocabulary import MATERIALS
from labops.domain.machines.processes import PROCESSES
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid

MOST_KM = 20_038  # half around the earth


@operation(
    "GET",
    "/labs",
    "Labs that are qualified today, by name or the nearest first",
    access=public,
    answers={200: schemas.LabList},
    query={
        "process": "identifier of a process",
        "material": "identifier of a material; with a process, one machine must do both",
        "q": "words in names, descriptions, machines or places",
        "near": "degrees north and east, such as 45.48,9.18",
        "radius_km": "how far from there at most",
        "limit": "page size",
        "cursor": "from the Link of the page before",
    },
)
def labs() -> Response:
    """Answer with a page of labs."""
    session, on = reading(), today(clock.now())
    limit = read_limit()
    points = find_labs(session, qualified.lab_ids(session, on), _wanted())
    page = _after(points, read_cursor())[: limit + 1]
    following = page[limit - 1].slug if len(page) > limit else None
    shown = page[:limit]
    found = queries.listed_labs(session, [point.lab_id for point in shown], on=on)
    distances = {point.slug: point.distance_km for point in shown}
    return paged(
        [_item(lab_record(lab, root(), whole=False), distances) for lab in found], following
    )


@operation("GET", "/labs/{slug}", "One lab", access=public, answers={200: schemas.Lab})
def lab(slug: str) -> Response:
    """Answer with one lab and its machines."""
    found = queries.listed_lab(reading(), key(slug), now=clock.now())
    return answered(lab_record(found, root()))


def _wanted() -> LabSearch:
    process, material = asked("process"), asked("material")
    for name, value, known in (("process", process, PROCESSES), ("material", material, MATERIALS)):
        if value and value not in known:
            raise Invalid.field(name, "field.not-offered")
    near = _near()
    radius = _radius()
    if radius is not None and near is None:
        raise Invalid.field("near", "field.required")
    return LabSearch(
        process=process, material=material, words=asked("q"), near=near, radius_km=radius
    )


def _near() -> tuple[float, float] | None:
    text = request.args.get("near")
    if text is None:
        return None
    parts = text.split(",")
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError as error:
        raise Invalid.field("near", "field.not-a-number", value=text[:40]) from error
    if not -90 <= latitude <= 90 or not -180 <= longitude <= 180:  # noqa: PLR2004 - degrees
        raise Invalid.field("near", "field.out-of-range", lowest=-180, highest=180)
    return latitude, longitude


def _radius() -> float | None:
    text = request.args.get("radius_km")
    if text is None:
        return None
    try:
        radius = float(text)
    except ValueError as error:
        raise Invalid.field("radius_km", "field.not-a-number", value=text[:40]) from error
    if not 0 < radius <= MOST_KM:
        raise Invalid.field("radius_km", "field.out-of-range", lowest=0, highest=MOST_KM)
    return radius


def _after(points: list[Point], cursor: str | None) -> list[Point]:
    """Return what follows the lab that the last page ended with; all when it left the list."""
    places = {point.slug: number for number, point in enumerate(points)}
    return points[places[cursor] + 1 :] if cursor in places else points


def _item(record: dict[str, Any], distances: dict[str, float | None]) -> dict[str, Any]:
    distance = distances[record["slug"]]
    return {**record, "distance_km": None if distance is None else round(distance, 3)}
