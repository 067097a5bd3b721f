"""What somebody whose machine stopped takes instead: one press moves the booking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.incidents.base import bp
from labops.blueprints.sites.base import found_site, key
from labops.domain.bookings import queries as bookings
from labops.domain.incidents import alternatives
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.interval import Interval

LONGEST = timedelta(days=366)


@bp.get("/instead/<uid>")
@signed_in
def instead(uid: str) -> ResponseReturnValue:
    """Show where one's booking can go now, best first."""
    return _page(uid)


@bp.post("/instead/<uid>")
@signed_in
def take(uid: str) -> ResponseReturnValue:
    """Move the booking there; pressed again it changes nothing."""
    machines, slot = _chosen()
    try:
        alternatives.accept(key(uid), machines, slot, actor=current_actor(), now=clock.now())
    except (Refused, Invalid) as refused:
        return _page(uid, refused.problems), 409
    flash(_("Your booking was moved."), "success")
    return redirect(url_for("bookings.show", uid=uid), 303)


def _page(uid: str, problems: Sequence[Problem] = ()) -> str:
    actor = current_actor()
    reading().rollback()
    hit = alternatives.of_booking(reading(), key(uid), actor=actor, now=clock.now())
    booking = bookings.one(reading(), key(uid), actor)
    return render_template(
        "incidents/instead.html",
        booking=booking,
        hit=hit,
        site=found_site(booking.site),
        reasons=reasons_of(problems),
    )


def _chosen() -> tuple[tuple[str, ...], Interval]:
    """Return the machines and the slot of the button; raises `NotFound` for what none sends."""
    try:
        starts, ends = (
            datetime.fromisoformat(request.form.get(name, "")) for name in ("starts_at", "ends_at")
        )
        slot = Interval(starts, ends)
    except (ValueError, TypeError, OverflowError) as error:
        raise NotFound from error
    machines = tuple(key(text) for text in request.form.getlist("machine")[:20])
    if slot.length > LONGEST or not machines:
        raise NotFound
    return machines, slot
