"""Extending a booking while nobody follows."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import fixes, formats
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import bp
from labops.blueprints.bookings.changes import booking_page, seen
from labops.blueprints.paths import safe_path
from labops.domain.bookings import services
from labops.domain.bookings.commands import Move
from labops.kernel import clock
from labops.kernel.errors import Changed, Refused
from labops.kernel.interval import Interval

# Pages that hold the buttons; nobody is led anywhere else.
BACK = ("/bookings", "/s/", "/today")
MOST_MINUTES = 24 * 60


@bp.post("/bookings/<uid>/extend")
@signed_in
def extend(uid: str) -> ResponseReturnValue:
    """Put the end of a booking off; pressed twice it is still once."""
    booking = seen(uid)
    minutes, sequence = _number("minutes"), _number("sequence")
    if minutes is None or not 0 < minutes <= MOST_MINUTES:
        return booking_page(booking), 422
    slot = Interval(booking.starts_at, booking.ends_at + timedelta(minutes=minutes))
    fixes.start_from(fixes.Wanted(machines=booking.machines, slot=slot, uid=uid))
    try:
        command = Move(uid=uid, slot=slot, expected_sequence=sequence)
        services.move(command, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return booking_page(seen(uid), refused.problems), 409
    except Changed:
        flash(_("This booking was changed meanwhile. Look again at what it is now."), "warning")
        return booking_page(seen(uid)), 412
    end = formats.clock_time(slot.ends_at, booking.zone)
    flash(_("Extended: the booking now ends at %(time)s.", time=end), "success")
    back = safe_path(request.form.get("next"), "")
    allowed = back.startswith(BACK)
    return redirect(back if allowed else url_for(".show", uid=uid), 303)


def _number(name: str) -> int | None:
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004
