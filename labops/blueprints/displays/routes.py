"""What a screen on the wall shows, for everybody in the room: no name that was not agreed to.

A worker of the web server has one thread, so no stream stays open: each is one event and ends, and
`retry` tells the browser when to ask again (docs/decisions/2026-11-23-displays.md).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from labops.blueprints.access import public
from labops.blueprints.displays.base import bp
from labops.blueprints.sites.base import found_site, presence
from labops.domain.bookings import on_screens, timetable
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.timetable import MachineTimes, shown_slot
from labops.domain.machines.states import MachineState
from labops.domain.sites.queries import SiteView
from labops.domain.visits import queries as visits
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.interval import Interval
from labops.kernel.permissions import NOBODY

RETRY_SECONDS = 15
AHEAD = timedelta(hours=12)
_HELD = {BookingState.CONFIRMED, BookingState.CHECKED_IN}


@dataclass(frozen=True, slots=True)
class Line:
    """A machine on the screen: what is on now, and what comes next."""

    times: MachineTimes
    state: str
    now: list[BookingView]
    following: BookingView | None


@bp.get("/display/<site>")
@public
def show(site: str) -> ResponseReturnValue:
    """Show the screen; without script it loads itself again."""
    place = found_site(site)
    return render_template("displays/show.html", site=place, state=_state(place))


@bp.get("/display/<site>/state")
@public
def state(site: str) -> ResponseReturnValue:
    """Answer with what the screen shows now, for one whose event streams do not work."""
    return _state(found_site(site))


@bp.get("/display/<site>/events")
@public
def events(site: str) -> Response:
    """Answer with one event, or none when the screen shows the same, and end the stream."""
    text = _state(found_site(site))
    number = hashlib.sha256(text.encode()).hexdigest()[:16]
    lines = [f"retry: {RETRY_SECONDS * 1000}"]
    if request.headers.get("Last-Event-ID") == number:
        lines.append(": the same")
    else:
        lines += ["event: state", f"id: {number}"]
        lines += [f"data: {line}" for line in text.splitlines()]
    response = Response("\n".join(lines) + "\n\n", content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _state(place: SiteView) -> str:
    session, now = reading(), clock.now()
    window = Interval(now - timedelta(minutes=1), now + AHEAD)
    # Read as nobody: what no stranger may see does not even come from the database.
    found = timetable.of_site(session, place.slug, window, NOBODY, now=now)
    lines = [_line(times, Interval(now, now + timedelta(minutes=1))) for times in found.machines]
    shown = [one for line in lines for one in (*line.now, line.following) if one]
    names = on_screens.first_names(session, [one.uid for one in shown])
    return render_template(
        "displays/_state.html",
        site=place,
        lines=lines,
        names=names,
        faulty=[line for line in lines if line.state == MachineState.OUT_OF_SERVICE],
        presence=presence(place, now=now),
        occupancy=visits.occupancy(session, place),
    )


def _line(times: MachineTimes, moment: Interval) -> Line:
    held = [one for one in times.bookings if one.state in _HELD]
    present = [one for one in held if shown_slot(one).overlaps(moment)]
    coming = [one for one in held if one.starts_at >= moment.ends_at]
    state = times.machine.state
    if state == MachineState.IN_SERVICE:
        full = any(span.overlaps(moment) for span in times.full)
        is_open = any(span.overlaps(moment) for span in times.open)
        state = "busy" if full else "free" if is_open else state
    return Line(times, state, present, coming[0] if coming else None)
