"""The form for a new booking when it repeats: first what would become of each, then all or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters.notices.series import repetition
from labops.blueprints import foreseen
from labops.blueprints.access import current_actor
from labops.blueprints.bookings.base import Place
from labops.blueprints.bookings.forms import BookForm
from labops.domain.bookings.commands import Book
from labops.domain.series import services
from labops.domain.series.commands import BookSeries
from labops.domain.series.foreseeing import Preview
from labops.domain.series.values import Pattern, Repeat, wall_of
from labops.kernel import clock
from labops.kernel.errors import Changed
from labops.kernel.permissions import Permission


def answer(
    form: BookForm, place: Place, command: Book, remarks: Sequence[str]
) -> ResponseReturnValue:
    """Show what would become of each occurrence, or book those that were ticked.

    Raises what the use case raises.
    """
    actor, now = current_actor(), clock.now()
    came = foreseen.answered()
    text = str(form.repeat.data)
    repeat = Repeat(
        weeks=int(text) if text in {"1", "2"} else 0,
        count=form.count.data,
        until=form.until.data,
    )
    wanted = BookSeries(first=command, repeat=repeat, left_out=came.left_out)
    if came.act == foreseen.CONFIRM and came.taken:
        try:
            uid = services.book_series(wanted, came.confirmation, actor=actor, now=now)
        except Changed:
            flash(_("Something changed meanwhile, and nothing was booked. Look again."), "warning")
            preview = services.preview_series(wanted, actor=actor, now=now)
            return _page(form, place, command, preview, remarks), 412
        count = len(came.taken)
        flash(ngettext("One booking made.", "%(num)d bookings made.", count), "success")
        return redirect(url_for("series.show", uid=uid), 303)
    preview = services.preview_series(wanted, actor=actor, now=now)
    nothing = came.act == foreseen.CONFIRM
    page = _page(form, place, command, preview, remarks, nothing_ticked=nothing)
    return page, 422 if nothing else 200


def _page(
    form: BookForm,
    place: Place,
    command: Book,
    preview: Preview,
    remarks: Sequence[str],
    *,
    nothing_ticked: bool = False,
) -> str:
    slot = command.slot
    pattern = Pattern(
        starts=wall_of(slot.starts_at, place.zone),
        length=slot.length,
        weeks=int(form.repeat.data),
        zone=place.zone.key,
    )
    return render_template(
        "bookings/repeat.html",
        place=place,
        preview=preview,
        rows=foreseen.rows_of(preview),
        carried=foreseen.carried(),
        remarks=remarks,
        repetition=repetition(pattern),
        nothing_ticked=nothing_ticked,
        may_override=current_actor().may(Permission.BOOKING_OVERRIDE, place.id),
        back=_back(form),
    )


def _back(form: BookForm) -> str:
    """Return the address of the form with the times and machines that were typed."""
    names = ("date", "start", "length", "end", "end_date", "repeat", "count", "until")
    values: dict[str, Any] = {name: request.form[name] for name in names if request.form.get(name)}
    if form.person.data:
        values["for"] = str(form.person.data)
    return url_for("bookings.new", machine=list(form.machines.data or ()), **values)
