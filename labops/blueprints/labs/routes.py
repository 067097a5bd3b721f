"""The qualified list for everybody: list and map, the page of a lab, a frame for other pages."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, render_template
from flask.typing import ResponseReturnValue

from labops.adapters.open_data import files
from labops.adapters.open_data.schema_org import lab_in_words
from labops.blueprints import formats
from labops.blueprints.access import current_actor, public
from labops.blueprints.labs import maps
from labops.blueprints.labs.base import (
    access_name,
    address,
    answered,
    bp,
    embeddable,
    given,
    language_names,
    offered,
    root,
    wanted,
    with_map,
)
from labops.blueprints.sites.base import asked, key
from labops.blueprints.sites.words import hours_by_day
from labops.domain.labs import qualified, queries
from labops.domain.labs.listing import Point, find_labs
from labops.domain.labs.rights import may_edit, today
from labops.domain.labs.views import LabView
from labops.domain.labs.vocabulary import MATERIALS, SERVICES, word_for
from labops.domain.machines.processes import process_name
from labops.domain.sites.queries import WeeklyHours
from labops.kernel import clock
from labops.kernel.db import reading

PAGE = 24
CSV = "text/csv; charset=utf-8"
IN_WIDGET = 50
MOST_PAGES = 10_000


@bp.get("/labs")
@public
def index() -> ResponseReturnValue:
    """List the labs that the filters of the address leave, and show where they are."""
    session, on = reading(), today(clock.now())
    filters = given()
    points = find_labs(session, qualified.lab_ids(session, on), wanted(filters))
    page_count = -(-len(points) // PAGE)
    page = min(_page_number(), max(page_count, 1))
    shown = points[(page - 1) * PAGE : page * PAGE]
    response = make_response(
        render_template(
            "labs/index.html",
            labs=queries.listed_labs(session, [point.lab_id for point in shown], on=on),
            dots=maps.drawn(points),
            count=len(points),
            page=page,
            page_count=page_count,
            page_url=lambda number: address(".index", {**filters, "page": number}),
            filters=filters,
            csv_url=address(".export", filters),
            offered=offered(),
            **_words(),
        )
    )
    return with_map(response)


@bp.get("/labs.csv")
@public
def export() -> Response:
    """Answer with the labs that the filters leave, a line each."""
    session, on = reading(), today(clock.now())
    points = find_labs(session, qualified.lab_ids(session, on), wanted(given()))
    labs = queries.listed_labs(session, [point.lab_id for point in points], on=on)
    return answered(files.labs_csv(labs, root()), CSV)


@bp.get("/labs/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """Show what a lab of the list does, where it is and when it is open."""
    session, now = reading(), clock.now()
    lab = queries.listed_lab(session, key(slug), now=now)
    place = lab.place
    dots = []
    if place and place.point and current_app.config["LABOPS"].map_tiles:  # alone it says nothing
        dots = maps.drawn([Point(lab.id, lab.slug, lab.public_name, *place.point)])
    response = make_response(
        render_template(
            "labs/show.html",
            lab=lab,
            description=lab.description(formats.language()),
            hours=_hours(lab),
            dots=dots,
            schema_org=lab_in_words(lab, root(), formats.language()),
            editable=may_edit(session, lab.id, current_actor(), now=now),
            **_words(),
        )
    )
    return with_map(response)


@bp.get("/labs/widget")
@public
def widget() -> ResponseReturnValue:
    """Show the list in a frame of somebody else's page, without any script."""
    session, on = reading(), today(clock.now())
    filters = given()
    points = find_labs(session, qualified.lab_ids(session, on), wanted(filters))
    shown = [point.lab_id for point in points[:IN_WIDGET]]
    page = render_template(
        "labs/widget.html",
        labs=queries.listed_labs(session, shown, on=on),
        count=len(points),
        more=address(".index", filters),
        root=root(),
        **_words(),
    )
    return embeddable(Response(page))


def _hours(lab: LabView) -> list[tuple[str, str]]:
    return hours_by_day(WeeklyHours(tuple(lab.hours))) if lab.hours else []


def _words() -> dict[str, Any]:
    language = formats.language()
    settings = current_app.config["LABOPS"]
    return {
        "language": language,
        "process_names": lambda found: ", ".join(process_name(each, language) for each in found),
        "material_name": lambda material: word_for(MATERIALS, material, language),
        "service_name": lambda service: word_for(SERVICES, service, language),
        "access_name": access_name,
        "language_names": language_names,
        "map_size": (maps.WIDTH, maps.HEIGHT),
        "tiles": settings.map_tiles,
        "tiles_credit": settings.map_credit,
    }


def _page_number() -> int:
    text = asked("page")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004
    return min(max(number, 1), MOST_PAGES)
