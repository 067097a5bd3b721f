"""Requested bookings: what staff have to decide."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.access import current_actor, requires
from labops.blueprints.bookings.base import bp
from labops.blueprints.errors import reasons_of
from labops.domain.bookings import approval, queries
from labops.domain.bookings.queries import BookingView, Details
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Problem, Refused
from labops.kernel.permissions import Permission


@bp.get("/approvals")
@requires(Permission.BOOKING_APPROVE)
def approvals() -> ResponseReturnValue:
    """List the bookings that wait for the actor's decision, the earliest first."""
    return _page()


@bp.post("/bookings/<uid>/approve")
@requires(Permission.BOOKING_APPROVE)
def approve(uid: str) -> ResponseReturnValue:
    """Agree to a requested booking."""
    _speak_of(uid)
    try:
        approval.approve(uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _page(problems=refused.problems), 409
    flash(_("Approved. The person is told by mail."), "success")
    return redirect(url_for(".approvals"), 303)


@bp.post("/bookings/<uid>/reject")
@requires(Permission.BOOKING_APPROVE)
def reject(uid: str) -> ResponseReturnValue:
    """Say no to a requested booking, with a reason."""
    _speak_of(uid)
    reason = request.form.get("reason", "")
    try:
        approval.reject(uid, reason=reason, actor=current_actor(), now=clock.now())
    except Invalid as error:
        sentence = reasons_of(error.problems)[0].detail
        return _page(typed={uid: reason}, errors={uid: sentence}), 422
    except Refused as refused:
        return _page(problems=refused.problems), 409
    flash(_("Rejected. The time is free for others, and the person is told by mail."), "success")
    return redirect(url_for(".approvals"), 303)


def _speak_of(uid: str) -> None:
    """Let refusals tell times in the zone of the booking; raises `NotFound` if it is not seen."""
    g.zone = local_time.zone(queries.one(reading(), uid, current_actor()).zone)


def _page(
    *,
    problems: tuple[Problem, ...] = (),
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    bookings = queries.to_decide(reading(), current_actor())
    details = queries.details_of(reading(), [booking.uid for booking in bookings])
    return render_template(
        "bookings/approvals.html",
        waiting=[(booking, _facts(booking, details[booking.uid])) for booking in bookings],
        reasons=reasons_of(problems),
        typed=typed or {},
        errors=errors or {},
    )


def _facts(booking: BookingView, details: Details) -> list[tuple[str, str]]:
    """Return what one needs to know to decide."""
    facts = [
        (_("Person"), booking.person_name or ""),
        (_("When"), formats.slot(booking.starts_at, booking.ends_at, booking.zone)),
        (_("Site"), booking.site_name),
    ]
    if details.people_count > 1:
        facts.append((_("People"), str(details.people_count)))
    facts += details.fields.items()
    if booking.note:
        facts.append((_("Note"), booking.note))
    if details.decide_by is not None:
        facts.append((_("Lapses"), formats.moment(details.decide_by, booking.zone)))
    return facts
