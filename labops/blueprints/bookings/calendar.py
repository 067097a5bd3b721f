"""The calendar: machines as rows. The list of a day is the whole of it without a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import (
    bp,
    chosen_place,
    places,
    read_day,
    same_page,
    today,
)
from labops.blueprints.bookings.checking import USUAL_LENGTH
from labops.blueprints.bookings.drawing import drawn, taught
from labops.blueprints.bookings.forms import wait_address
from labops.domain.bookings import timetable
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.timetable import MachineTimes, Only, Timetable, shown_slot
from labops.domain.machines import queries as machines
from labops.domain.machines.processes import process_name
from labops.domain.waiting import queries as waiting
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.interval import Interval

VIEWS = ("day", "week", "list")


@dataclass(slots=True)
class Row:
    """One line of the day list: a span that is `free`, `taken`, `blocked` or `maintenance`."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    booking: BookingView | None = None
    url: str = ""
    why_url: str = ""
    wait_url: str = ""
    reason: str = ""


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
    only = _only()
    window = local_time.local_day(day, place.zone)
    found = timetable.of_site(reading(), place.slug, window, actor, now=now, only=only)
    offered = waiting.held_slots(reading(), place.id, window)
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
        only=only,
        processes=_processes(),
        lists=[
            (times, _rows(times, found, offered.get(times.machine.slug, ()), now))
            for times in found.machines
        ],
        process_name=lambda name: process_name(name, formats.language()),
        data_url=url_for(
            ".calendar_data",
            site=place.slug,
            date=day.isoformat(),
            view=view,
            process=only.process,
            free="1" if only.free else None,
            usable="1" if only.usable else None,
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
    found = timetable.of_site(reading(), place.slug, window, actor, now=now, only=_only())
    response = jsonify(drawn(found, place, actor, now))
    response.add_etag()
    response.make_conditional(request)
    return response


def _only() -> Only:
    """Return the filters of the address: whoever saves or sends it saves them with it."""
    return Only(
        process=request.args.get("process") or None,
        free=request.args.get("free") == "1",
        usable=request.args.get("usable") == "1",
    )


def _rows(
    times: MachineTimes, found: Timetable, offered: Sequence[Interval], now: datetime
) -> list[Row]:
    """Return a machine's day in order: bookings, offers, other claims, and what is still free."""
    rows = _all_rows(times, found, offered, now)
    if request.args.get("free") == "1":
        return [row for row in rows if row.kind == "free"]
    return rows


def _all_rows(
    times: MachineTimes, found: Timetable, offered: Sequence[Interval], now: datetime
) -> list[Row]:
    rows = [
        Row(
            "taken", *_ends(slot), booking=booking, wait_url=_wait_url(times, slot, found.zone, now)
        )
        for booking in times.bookings
        for slot in [shown_slot(booking)]
    ]
    rows += [
        Row("taken", *_ends(slot), wait_url=_wait_url(times, slot, found.zone, now))
        for slot in offered
    ]
    slots = [*(shown_slot(booking) for booking in times.bookings), *offered]
    rows += [
        Row("maintenance", *_ends(block.span), reason=block.reason) for block in times.maintenance
    ]
    rows += [
        Row(
            "induction",
            *_ends(one.span),
            reason=taught(one),
            url=url_for("inductions.show", uid=one.uid),
        )
        for one in times.inductions
    ]
    slots += [one.span for one in times.inductions]
    rows += [
        Row("blocked", *_ends(span))
        for span in times.blocked
        # Set-up and clean-up beside a booking need no line of their own.
        if not any(s.ends_at == span.starts_at or s.starts_at == span.ends_at for s in slots)
        and not any(span.contains(slot) for slot in offered)
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
    for row in rows:
        row.why_url = _why_url(times, row)
    return sorted(rows, key=lambda row: (row.starts_at, row.kind))


def _why_url(times: MachineTimes, row: Row) -> str:
    """Return where every rule says what it thinks of the row, or of the first part of free time."""
    end = row.ends_at
    if row.kind == "free":
        usual = min(max(USUAL_LENGTH, times.rules.shortest), times.rules.longest)
        end = min(end, row.starts_at + usual)
    return url_for(
        ".why_not",
        machine=times.machine.slug,
        starts_at=row.starts_at.isoformat(),
        ends_at=end.isoformat(),
    )


def _wait_url(times: MachineTimes, slot: Interval, zone: ZoneInfo, now: datetime) -> str:
    """Return where to wait for a time that is taken, if one can."""
    if slot.starts_at <= now or not times.rules.waiting_list:
        return ""
    return wait_address([times.machine.slug], slot, zone)


def _ends(span: Interval) -> tuple[datetime, datetime]:
    return span.starts_at, span.ends_at


def _processes() -> list[tuple[str, str]]:
    named = [
        (key, process_name(key, formats.language())) for key in machines.processes_in_use(reading())
    ]
    return sorted(named, key=lambda pair: pair[1])


def _words() -> dict[str, Any]:
    """Return the sentences that the script may have to say, and the page where rules explain."""
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
        "whyNot": url_for(".why_not"),
        "possible": _("You can book this."),
        "onRequest": _("You can ask for this: staff have to agree."),
        "impossible": _("As it is, you cannot book this:"),
        "maintenance": _("Maintenance"),
        "states": {
            BookingState.CHECKED_IN.value: _("in use"),
            BookingState.FINISHED.value: _("finished"),
            BookingState.REQUESTED.value: _("waits for approval"),
        },
    }
