"""The calendar: machines as rows. The list of a day is the whole of it without a script.

The calendar's script gets wall times of the site, not instants, and the offsets that turn a wall
time back into one. So no browser converts anything: neither its own zone nor the age of its zone
data can move a booking, and the two nights when clocks change are decided in one place,
`kernel.local_time`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import fixes, formats
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import (
    Place,
    bp,
    chosen_place,
    places,
    read_day,
    same_page,
    today,
)
from labops.domain.bookings import timetable
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.timetable import MachineTimes, Timetable, shown_slot
from labops.domain.machines import queries as machines
from labops.domain.machines.processes import process_name
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Problem
from labops.kernel.interval import Interval, merged
from labops.kernel.permissions import Actor, Permission

VIEWS = ("day", "week", "list")
MOVABLE = {BookingState.CONFIRMED, BookingState.REQUESTED, BookingState.CHECKED_IN}
DAY_MINUTES = local_time.DAY_MINUTES
HOUR, QUARTER = 60, 15
LONGEST_SHOWN = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the day list: a span that is `free`, `taken` or `blocked`."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    booking: BookingView | None = None
    url: str = ""


@bp.get("/calendar")
@signed_in
def calendar() -> ResponseReturnValue:
    """Show the machines of a site on a day or in a week."""
    actor, now = current_actor(), clock.now()
    among = places()
    place = chosen_place(among, request.args.get("site"), actor)
    view = request.args.get("view")
    view = view if view in VIEWS else "day"
    day = read_day("date", today(place.zone, now))
    process = request.args.get("process") or None
    window = local_time.local_day(day, place.zone)
    found = timetable.of_site(reading(), place.slug, window, actor, process=process)
    step = timedelta(days=7 if view == "week" else 1)
    return render_template(
        "bookings/calendar.html",
        place=place,
        places=among,
        view=view,
        day=day,
        week=[day - timedelta(days=day.weekday()), day + timedelta(days=6 - day.weekday())],
        today=today(place.zone, now),
        earlier=same_page(date=(day - step).isoformat()),
        later=same_page(date=(day + step).isoformat()),
        same_page=same_page,
        process=process,
        processes=_processes(),
        lists=[(times, _rows(times, found, now)) for times in found.machines],
        process_name=lambda name: process_name(name, formats.language()),
        data_url=url_for(
            ".calendar_data", site=place.slug, date=day.isoformat(), view=view, process=process
        ),
        words=_words(),
    )


@bp.get("/calendar/data")
@signed_in
def calendar_data() -> Response:
    """Answer with machines, bookings and closed hours in the site's wall time."""
    actor, now = current_actor(), clock.now()
    place = chosen_place(places(), request.args.get("site"), actor)
    day = read_day("date", today(place.zone, now))
    window = (
        local_time.local_week(day, place.zone)
        if request.args.get("view") == "week"
        else local_time.local_day(day, place.zone)
    )
    found = timetable.of_site(
        reading(), place.slug, window, actor, process=request.args.get("process") or None
    )
    response = jsonify(_drawn(found, place, actor, now))
    response.add_etag()
    response.make_conditional(request)
    return response


def _drawn(found: Timetable, place: Place, actor: Actor, now: datetime) -> dict[str, Any]:
    zone, window = found.zone, found.window
    first, last = _shown_hours(found)
    grids = [times.rules.grid for times in found.machines]
    staff = actor.may(Permission.BOOKING_EDIT_OTHERS, place.id)
    return {
        "zone": zone.key,
        "offsets": _offsets(window, zone),
        "now_offset": _offset(now.astimezone(zone)),
        "shows": [_clock(first), _clock(last)],
        "grid_minutes": int(min(grids, default=timedelta(minutes=30)).total_seconds() // 60),
        "may_override": actor.may(Permission.BOOKING_OVERRIDE, place.id),
        "machines": [_machine(times) for times in found.machines],
        "bookings": [_booking(booking, zone, staff=staff) for booking in found.bookings],
        "closed": [
            _span(times, span, zone) for times in found.machines for span in times.closed(window)
        ],
        "blocked": [_span(times, span, zone) for times in found.machines for span in times.blocked],
    }


def _machine(times: MachineTimes) -> dict[str, Any]:
    machine = times.machine
    return {
        "slug": machine.slug,
        "name": machine.name,
        "kind": machine.type_name(formats.language()),
        "url": url_for("machines.show", slug=machine.slug),
        "in_service": machine.state == "in_service",
        "capacity": machine.capacity,
    }


def _booking(booking: BookingView, zone: ZoneInfo, *, staff: bool) -> dict[str, Any]:
    slot = shown_slot(booking)
    opens = booking.mine or staff
    start, end = _wall(slot.starts_at, zone), _wall(slot.ends_at, zone)
    if end <= start:  # it lies across the hour that happens twice: draw its true length
        end = (slot.starts_at.astimezone(zone).replace(tzinfo=None) + slot.length).isoformat()
    return {
        "uid": booking.uid,
        "machines": booking.machines,
        "start": start,
        "end": end,
        "when": formats.slot(booking.starts_at, booking.ends_at, zone),
        "state": booking.state,
        "mine": booking.mine,
        "title": _title(booking),
        "note": booking.note or "",
        "movable": opens and booking.state in MOVABLE,
        "starts_fixed": booking.state == BookingState.CHECKED_IN,
        "url": url_for(".show", uid=booking.uid) if opens else "",
    }


def _title(booking: BookingView) -> str:
    if booking.mine:
        return str(_("Yours"))
    return booking.person_name or str(_("Taken"))


def _span(times: MachineTimes, span: Interval, zone: ZoneInfo) -> list[str]:
    return [times.machine.slug, _wall(span.starts_at, zone), _wall(span.ends_at, zone)]


def _wall(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


def _offset(local: datetime) -> str:
    text = local.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"


def _offsets(window: Interval, zone: ZoneInfo) -> list[list[str | None]]:
    """Return from which wall time on which offset holds; `None` where there is no such time.

    In the hour that happens twice the first one holds. Days around the window are added, as a
    booking that is moved in it may reach out of it.
    """
    first, *days = local_time.days_touched(
        window.widened(before=timedelta(days=1), after=LONGEST_SHOWN), zone
    )
    found = [_offset_at(datetime.combine(first, time()), zone)]
    for day in days:
        at = datetime.combine(day, time())
        if _offset_at(at, zone)[1] == found[-1][1]:
            continue
        at -= timedelta(days=1)  # the clocks change on the day before
        for _quarter in range(DAY_MINUTES // QUARTER + 1):
            if (change := _offset_at(at, zone))[1] != found[-1][1]:
                found.append(change)
            at += timedelta(minutes=QUARTER)
    return found


def _offset_at(local: datetime, zone: ZoneInfo) -> list[str | None]:
    wall = local.isoformat(timespec="seconds")
    try:
        return [wall, _offset(local_time.read_local(local, zone).instant.astimezone(zone))]
    except local_time.NoSuchLocalTime:
        return [wall, None]


def _shown_hours(found: Timetable) -> tuple[int, int]:
    """Return the first and last minute of the day to draw: opening hours and whatever is held."""
    spans = [span for times in found.machines for span in times.open]
    spans += [_cut(shown_slot(booking), found.window) for booking in found.bookings]
    first, last = DAY_MINUTES, 0
    for span in merged(spans):
        start, end = (at.astimezone(found.zone) for at in (span.starts_at, span.ends_at))
        if start.date() != (end - timedelta(microseconds=1)).date():
            return 0, DAY_MINUTES
        first = min(first, start.hour * HOUR)
        minute = end.hour * HOUR + end.minute
        last = max(last, -(-minute // HOUR) * HOUR if minute else DAY_MINUTES)
    return (first, last) if first < last else (8 * HOUR, 20 * HOUR)


def _cut(span: Interval, window: Interval) -> Interval:
    return Interval(max(span.starts_at, window.starts_at), min(span.ends_at, window.ends_at))


def _clock(minute: int) -> str:
    return f"{minute // HOUR:02d}:{minute % HOUR:02d}:00"


def _rows(times: MachineTimes, found: Timetable, now: datetime) -> list[Row]:
    """Return a machine's day in order: bookings, other claims, and what is still free."""
    rows = [
        Row("taken", *_ends(shown_slot(booking)), booking=booking) for booking in times.bookings
    ]
    slots = [shown_slot(booking) for booking in times.bookings]
    rows += [
        Row("blocked", *_ends(span))
        for span in times.blocked
        # Set-up and clean-up beside a booking need no line of their own.
        if not any(s.ends_at == span.starts_at or s.starts_at == span.ends_at for s in slots)
    ]
    for span in times.free(found.window, now=now, zone=found.zone):
        local = span.starts_at.astimezone(found.zone)
        url = url_for(
            ".new",
            machine=times.machine.slug,
            date=local.date().isoformat(),
            start=local.strftime("%H:%M"),
        )
        rows.append(Row("free", *_ends(span), url=url))
    return sorted(rows, key=lambda row: (row.starts_at, row.kind))


def _ends(span: Interval) -> tuple[datetime, datetime]:
    return span.starts_at, span.ends_at


def _processes() -> list[tuple[str, str]]:
    named = [(key, process_name(key, formats.language())) for key in machines.processes_in_use(reading())]
    return sorted(named, key=lambda pair: pair[1])


def _words() -> dict[str, Any]:
    """Return the sentences that the script may have to say, and the steps that solve a refusal."""
    steps = {}
    for kind in ("times", "certification", "membership"):
        url, label = fixes.step_of(Problem("", fix=f"{kind}:MACHINE"))
        steps[kind] = {"url": url, "label": label}
    return {
        "locale": formats.language(),
        "calendar": _("Machines and their bookings"),
        "booked": _("Booked."),
        "moved": _("Moved."),
        "noSuchTime": _("The clocks skip that time on that night. Choose another."),
        "oneMachine": _("A booking of several machines cannot be dragged to another row."),
        "unreachable": _("There was no answer. Nothing was changed; look again in a moment."),
        "signIn": _("You are not signed in any more. Sign in and try again."),
        "outOfService": _("out of service"),
        "steps": steps,
        "states": {
            BookingState.CHECKED_IN.value: _("in use"),
            BookingState.FINISHED.value: _("finished"),
            BookingState.REQUESTED.value: _("waits for approval"),
        },
    }
