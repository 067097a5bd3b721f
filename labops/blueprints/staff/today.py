"""Today at a site: who is due, who is in, what every machine does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import render_template, request
from flask.typing import ResponseReturnValue

from labops.blueprints.access import current_actor, requires
from labops.blueprints.bookings.base import chosen_place, places
from labops.blueprints.bookings.base import today as date_at
from labops.blueprints.staff.base import bp
from labops.domain.bookings import queries, timetable
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.timetable import MachineTimes
from labops.domain.closures import outside_queries
from labops.domain.machines.states import MachineState
from labops.domain.maintenance import queries as maintenance
from labops.domain.strikes import queries as strikes
from labops.domain.visits import staying
from labops.domain.waiting import queries as waiting
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Permission

SOON = timedelta(hours=2)
GIVEN_UP = {BookingState.CANCELLED, BookingState.REJECTED}


@dataclass(frozen=True, slots=True)
class Today:
    """The bookings of a day, each in one group."""

    due: list[BookingView]
    running: list[BookingView]
    later: list[BookingView]
    missed: list[BookingView]
    finished: list[BookingView]


@dataclass(frozen=True, slots=True)
class MachineNow:
    """What a machine does at this moment, and who comes next."""

    times: MachineTimes
    state: str
    now: list[BookingView]
    following: BookingView | None


@bp.get("/today")
@requires(Permission.BOOKING_EDIT_OTHERS)
def today() -> ResponseReturnValue:
    """Show the day of one of the sites where the actor works."""
    actor, now = current_actor(), clock.now()
    allowed = actor.sites_where(Permission.BOOKING_EDIT_OTHERS)
    among = [place for place in places() if allowed is None or place.id in allowed]
    place = chosen_place(among, request.args.get("site"), actor)
    if not actor.may(Permission.BOOKING_SEE_NAMES, place.id):
        raise NotFound
    day = date_at(place.zone, now)
    window = local_time.local_day(day, place.zone)
    found = timetable.of_site(reading(), place.slug, window, actor, now=now)
    grouped = _grouped(queries.of_site(reading(), place.id, window, actor), now)
    return render_template(
        "staff/today.html",
        place=place,
        places=among,
        day=day,
        now=now,
        today=grouped,
        in_count=staying.inside_count(reading(), place.id),
        out_of_service=sum(
            one.machine.state == MachineState.OUT_OF_SERVICE for one in found.machines
        ),
        offers=waiting.running_out(reading(), place.id, now=now),
        to_decide=len(queries.to_decide(reading(), actor)),
        proposed=_proposed(place.id),
        contested=len(strikes.to_answer(reading(), actor)),
        machines=[_machine_now(times, now) for times in found.machines],
        maintenance=maintenance.during(reading(), place.id, window),
    )


def _proposed(site_id: int) -> int:
    """Return how many proposed closures wait for the actor at the site."""
    if not current_actor().may(Permission.CLOSURE_EDIT, site_id):
        return 0
    return sum(outside_queries.waiting_counts(reading(), site_id))


def _grouped(bookings: list[BookingView], now: datetime) -> Today:
    today = Today([], [], [], [], [])
    for booking in bookings:
        if booking.state in GIVEN_UP:
            continue
        if booking.state == BookingState.CHECKED_IN:
            today.running.append(booking)
        elif booking.state == BookingState.FINISHED:
            today.finished.append(booking)
        elif booking.state == BookingState.MISSED or now >= booking.check_in_by:
            today.missed.append(booking)
        elif booking.starts_at <= now + SOON:
            today.due.append(booking)
        else:
            today.later.append(booking)
    return today


def _machine_now(times: MachineTimes, now: datetime) -> MachineNow:
    held = [
        booking
        for booking in times.bookings
        if booking.state in {BookingState.CONFIRMED, BookingState.CHECKED_IN}
    ]
    present = [
        booking
        for booking in held
        if booking.state == BookingState.CHECKED_IN or booking.starts_at <= now < booking.ends_at
    ]
    coming = [booking for booking in held if booking.starts_at > now and booking not in present]
    state = times.machine.state
    if state == MachineState.IN_SERVICE:
        full = any(span.starts_at <= now < span.ends_at for span in times.full)
        state = "busy" if full else "free"
    return MachineNow(times, state, present, coming[0] if coming else None)
