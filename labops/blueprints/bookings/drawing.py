"""A timetable as the calendar's script draws it: wall times of the site, and the offsets then.

No browser converts anything: neither its own zone nor the age of its zone data can move a
booking, and the two nights when clocks change are decided in one place, `kernel.local_time`.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.bookings.base import Place
from labops.blueprints.bookings.forms import wait_values
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import BookingState
from labops.domain.bookings.timetable import MachineTimes, Timetable, shown_slot
from labops.domain.inductions.views import SessionView
from labops.kernel import local_time
from labops.kernel.interval import Interval, merged
from labops.kernel.permissions import Actor, Permission

MOVABLE = {BookingState.CONFIRMED, BookingState.REQUESTED, BookingState.CHECKED_IN}
DAY_MINUTES = local_time.DAY_MINUTES
HOUR, QUARTER = 60, 15
LONGEST_SHOWN = timedelta(days=31)


def drawn(found: Timetable, place: Place, actor: Actor, now: datetime) -> dict[str, Any]:
    """Return everything that the script needs for one view."""
    zone, window = found.zone, found.window
    first, last = _shown_hours(found)
    grids = [times.rules.grid for times in found.machines]
    staff = actor.may(Permission.BOOKING_EDIT_OTHERS, place.id)
    wait_url = partial(_wait_url, found, url_for("waiting.new"), now)
    return {
        "zone": zone.key,
        "offsets": _offsets(window, zone),
        "now_offset": _offset(now.astimezone(zone)),
        "shows": [_clock(first), _clock(last)],
        "grid_minutes": int(min(grids, default=timedelta(minutes=30)).total_seconds() // 60),
        "may_override": actor.may(Permission.BOOKING_OVERRIDE, place.id),
        "machines": [_machine(times) for times in found.machines],
        "bookings": [
            _booking(booking, zone, staff=staff) | {"wait_url": wait_url(booking)}
            for booking in found.bookings
        ],
        "closed": [
            _span(times, span, zone) for times in found.machines for span in times.closed(window)
        ],
        "blocked": [_span(times, span, zone) for times in found.machines for span in times.blocked],
        "maintenance": [
            _work(times, block.uid, block.span, block.reason, found)
            for times in found.machines
            for block in times.maintenance
        ]
        + [
            _work(times, one.uid, one.span, taught(one), found) | {"kind": _("Induction")}
            for times in found.machines
            for one in times.inductions
        ],
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
        "url": url_for("bookings.show", uid=booking.uid) if opens else "",
    }


def _wait_url(found: Timetable, base: str, now: datetime, booking: BookingView) -> str:
    """Return where to wait for the time of somebody else's booking, if one can."""
    slot = shown_slot(booking)
    if booking.mine or slot.starts_at <= now:
        return ""
    listed = (t.machine.slug for t in found.machines if t.rules.waiting_list)
    machine = next((slug for slug in listed if slug in booking.machines), None)
    return f"{base}?{urlencode(wait_values(machine, slot, found.zone))}" if machine else ""


def _title(booking: BookingView) -> str:
    if booking.mine:
        return str(_("Yours"))
    return booking.person_name or str(_("Taken"))


def _work(
    times: MachineTimes, uid: str, span: Interval, reason: str, found: Timetable
) -> dict[str, str]:
    machine, *ends = _span(times, _cut(span, found.window), found.zone)
    return {
        "id": f"{uid}-{machine}",
        "machine": machine,
        "start": ends[0],
        "end": ends[1],
        "reason": reason,
        "when": formats.slot(span.starts_at, span.ends_at, found.zone),
    }


def taught(induction: SessionView) -> str:
    """Return what an induction is called where it takes a machine's time."""
    return str(_("Induction: %(kind)s", kind=induction.type_name(formats.language())))


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
