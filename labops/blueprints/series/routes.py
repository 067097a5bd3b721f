"""The page of a series, and the two acts on several of its occurrences."""

from __future__ import annotations

from dataclasses import replace

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters.notices.series import repetition
from labops.blueprints import foreseen
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.forms import read_slot
from labops.blueprints.errors import reasons_of
from labops.blueprints.series.base import bp
from labops.blueprints.series.forms import MoveSeriesForm
from labops.blueprints.slots import prefilled
from labops.domain.series import changes, queries
from labops.domain.series.commands import CancelSeries, MoveSeries
from labops.domain.series.foreseeing import Preview
from labops.domain.series.queries import OccurrenceView, SeriesView
from labops.domain.series.states import Scope
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Invalid, NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission


@bp.get("/<uid>")
@signed_in
def show(uid: str) -> ResponseReturnValue:
    """Show a series of one's own, or of the site where one works."""
    series = queries.one(reading(), uid, current_actor(), now=clock.now())
    return render_template(
        "series/show.html",
        series=series,
        repetition=repetition(series.pattern),
        may_change=_may_change(series),
    )


@bp.get("/<uid>/move")
@signed_in
def move_form(uid: str) -> ResponseReturnValue:
    """Ask for the new time of one occurrence, and which others are to move as far."""
    series = _series(uid)
    one = _chosen(series, request.args.get("number", ""))
    slot = Interval(one.starts_at, one.ends_at)
    values = prefilled(slot, local_time.zone(series.zone))
    form = MoveSeriesForm(data={**values, "scope": _scope(request.args.get("scope", ""))})
    return _move_page(series, one, form)


@bp.post("/<uid>/move")
@signed_in
def move(uid: str) -> ResponseReturnValue:
    """Show what would become of each occurrence, or move those that were ticked."""
    series, came = _series(uid), foreseen.answered()
    one = _chosen(series, request.form.get("number", ""))
    form = MoveSeriesForm(request.form)
    valid = form.validate()
    typed = read_slot(form, local_time.zone(series.zone))
    if not valid or typed is None:
        return _move_page(series, one, form), 422
    command = MoveSeries(
        uid=uid,
        number=one.number,
        slot=typed.slot,
        scope=Scope(_scope(str(form.scope.data))),
        override_reason=str(form.override_reason.data or "").strip(),
        left_out=came.left_out,
    )
    actor, now = current_actor(), clock.now()
    try:
        if came.act != foreseen.CONFIRM or not came.taken:
            preview = changes.preview_moving(command, actor=actor, now=now)
            nothing = came.act == foreseen.CONFIRM
            return _move_preview(series, preview, nothing=nothing), 422 if nothing else 200
        after = changes.move_series(command, came.confirmation, actor=actor, now=now)
    except Changed:
        _flash_changed()
        return _move_preview(series, changes.preview_moving(command, actor=actor, now=now)), 412
    except Invalid as invalid:
        form.start.errors = [reason.detail for reason in reasons_of(invalid.problems)]
        return _move_page(series, one, form), 422
    count = len(came.taken)
    flash(ngettext("One booking moved.", "%(num)d bookings moved.", count), "success")
    return redirect(url_for(".show", uid=after), 303)


@bp.get("/<uid>/cancel")
@signed_in
def cancel_preview(uid: str) -> ResponseReturnValue:
    """Show what giving up each occurrence would come to."""
    series = _series(uid)
    command = _cancelling(series, request.args.get("number", ""), request.args.get("scope", ""))
    actor, now = current_actor(), clock.now()
    preview = changes.preview_cancelling(command, actor=actor, now=now)
    return _cancel_page(series, command, preview)


@bp.post("/<uid>/cancel")
@signed_in
def cancel(uid: str) -> ResponseReturnValue:
    """Give up the occurrences that were ticked, or look again at what that would come to."""
    series, came = _series(uid), foreseen.answered()
    form = request.form
    command = _cancelling(series, form.get("number", ""), form.get("scope", ""))
    command = replace(command, left_out=came.left_out)
    actor, now = current_actor(), clock.now()
    if came.act != foreseen.CONFIRM or not came.taken:
        preview = changes.preview_cancelling(command, actor=actor, now=now)
        nothing = came.act == foreseen.CONFIRM
        return _cancel_page(series, command, preview, nothing=nothing), 422 if nothing else 200
    try:
        changes.cancel_series(command, came.confirmation, actor=actor, now=now)
    except Changed:
        _flash_changed()
        preview = changes.preview_cancelling(command, actor=actor, now=now)
        return _cancel_page(series, command, preview), 412
    flash(
        ngettext(
            "One booking cancelled. Its time is free for others.",
            "%(num)d bookings cancelled. Their time is free for others.",
            len(came.taken),
        ),
        "success",
    )
    return redirect(url_for(".show", uid=uid), 303)


def _series(uid: str) -> SeriesView:
    """Return a series that the actor may change; raises `NotFound` for any other."""
    series = queries.one(reading(), uid, current_actor(), now=clock.now())
    g.zone = local_time.zone(series.zone)
    if not _may_change(series):
        raise NotFound
    return series


def _may_change(series: SeriesView) -> bool:
    return series.mine or current_actor().may(Permission.BOOKING_EDIT_OTHERS, series.site_id)


def _chosen(series: SeriesView, number: str) -> OccurrenceView:
    """Return the occurrence of that number, or the next one without a number.

    Raises `NotFound` for an unknown one, and when nothing is to come.
    """
    if not number and series.coming:
        return series.coming[0]
    found = next((one for one in series.occurrences if str(one.number) == number), None)
    if found is None:
        raise NotFound
    return found


def _scope(text: str) -> str:
    return text if text in set(Scope) else Scope.FOLLOWING.value


def _cancelling(series: SeriesView, number: str, scope: str) -> CancelSeries:
    one = _chosen(series, number)
    return CancelSeries(uid=series.uid, number=one.number, scope=Scope(_scope(scope)))


def _flash_changed() -> None:
    flash(_("Something changed meanwhile, and nothing was done. Look again."), "warning")


def _move_page(series: SeriesView, one: OccurrenceView, form: MoveSeriesForm) -> str:
    return render_template(
        "series/move.html",
        series=series,
        one=one,
        form=form,
        may_override=current_actor().may(Permission.BOOKING_OVERRIDE, series.site_id),
    )


def _move_preview(series: SeriesView, preview: Preview, *, nothing: bool = False) -> str:
    return render_template(
        "series/moving.html",
        series=series,
        preview=preview,
        rows=foreseen.rows_of(preview),
        carried=foreseen.carried(),
        nothing_ticked=nothing,
        may_override=current_actor().may(Permission.BOOKING_OVERRIDE, series.site_id),
    )


def _cancel_page(
    series: SeriesView, command: CancelSeries, preview: Preview, *, nothing: bool = False
) -> str:
    return render_template(
        "series/cancelling.html",
        series=series,
        preview=preview,
        rows=foreseen.rows_of(preview),
        carried=[("number", str(command.number)), ("scope", command.scope.value)],
        nothing_ticked=nothing,
    )
