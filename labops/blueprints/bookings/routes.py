"""One's own bookings, as a list and as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import bp, places, same_page
from labops.domain.bookings import extending, hand_overs, queries
from labops.domain.bookings.extending import Room
from labops.domain.bookings.queries import BookingView, OwnSearch
from labops.domain.bookings.states import BookingState
from labops.domain.inductions import queries as inductions
from labops.domain.inductions.queries import Mine
from labops.domain.inductions.states import SessionState
from labops.domain.series import queries as series
from labops.domain.waiting import queries as waiting
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.interval import Interval

PAGE = 50
MOST_RUNNING = 5
MOST_IN_FILE = 10_000
FARTHEST = timedelta(days=366)
WHEN = {"coming": True, "past": False, "all": None}
CSV_COLUMNS = ("uid", "site", "machines", "starts_at", "ends_at", "state", "note")


@bp.get("/bookings")
@signed_in
def index() -> ResponseReturnValue:
    """List the actor's own bookings; `format=csv` gives all that match as a file."""
    actor, now = current_actor(), clock.now()
    when = request.args.get("when", "coming")
    when = when if when in WHEN else "coming"
    page = _page_number()
    as_file = request.args.get("format") == "csv"
    found, count = queries.own(
        reading(),
        OwnSearch(
            person_id=actor.require_person(),
            now=now,
            coming=WHEN[when],
            state=request.args.get("state") or None,
            site=request.args.get("site") or None,
            machine=request.args.get("machine") or None,
            offset=0 if as_file else (page - 1) * PAGE,
            limit=MOST_IN_FILE if as_file else PAGE,
        ),
        actor,
    )
    if as_file:
        return _file(found)
    return render_template(
        "bookings/index.html",
        bookings=found,
        rooms=_rooms(found, now),
        hand_overs=hand_overs.offered_to(reading(), actor, now=now),
        offers=waiting.held_of_person(reading(), actor.require_person(), now=now),
        inductions=_inductions(when, page, now),
        count=count,
        page=page,
        page_count=-(-count // PAGE),
        when=when,
        places=places(),
        states=[state.value for state in BookingState],
        series=series.links_of(reading(), [booking.uid for booking in found]),
        same_page=same_page,
        url_of=lambda number: same_page(page=number),
        filtered=bool({"state", "site", "machine"} & {k for k, v in request.args.items() if v}),
    )


def _inductions(when: str, page: int, now: datetime) -> list[Mine]:
    """Return the inductions that the actor is in and that are to come, on top of the list."""
    if when == "past" or page > 1:
        return []
    person_id = current_actor().require_person()
    found = inductions.of_person(reading(), person_id, Interval(now, now + FARTHEST))
    return [one for one in found if one.induction.state == SessionState.PLANNED]


def _rooms(found: Iterable[BookingView], now: datetime) -> dict[str, Room]:
    """Return how much longer those of the bookings could be that are in use now."""
    running = [booking for booking in found if booking.state == BookingState.CHECKED_IN]
    rooms = {
        booking.uid: extending.room(reading(), booking.uid, current_actor(), now=now)
        for booking in running[:MOST_RUNNING]
    }
    return {uid: room for uid, room in rooms.items() if room is not None}


def _page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1  # noqa: PLR2004


def _file(found: Iterable[BookingView]) -> Response:
    """Return bookings as CSV, times in their site's zone with the offset."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for booking in found:
        zone = local_time.zone(booking.zone)
        writer.writerow(
            _cell(value)
            for value in (
                booking.uid,
                booking.site,
                " ".join(booking.machines),
                booking.starts_at.astimezone(zone).isoformat(),
                booking.ends_at.astimezone(zone).isoformat(),
                booking.state,
                booking.note or "",
            )
        )
    return Response(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="bookings.csv"'},
    )


def _cell(value: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
