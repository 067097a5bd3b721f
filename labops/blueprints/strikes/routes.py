"""One's own strikes, with what they lead to; contested ones, for staff."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from labops.blueprints.access import current_actor, requires, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.strikes.base import bp
from labops.domain.strikes import queries, services
from labops.domain.strikes.states import StrikeKind
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Refused
from labops.kernel.permissions import Permission

KIND_NAMES = {
    StrikeKind.MISSED: _l("Nobody checked in"),
    StrikeKind.CANCELLED_LATE: _l("Cancelled late"),
    StrikeKind.MOVED_LATE: _l("Moved late"),
}


@bp.get("")
@signed_in
def index() -> ResponseReturnValue:
    """Show the actor's own strikes and until when they suspend."""
    return _own()


@bp.post("/<uid>/contest")
@signed_in
def contest(uid: str) -> ResponseReturnValue:
    """Say that one is wrong."""
    text = request.form.get("text", "")
    try:
        services.contest(uid, text=text, actor=current_actor(), now=clock.now())
    except Invalid as error:
        return _own(uid, text, reasons_of(error.problems)[0].detail), 422
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return _own(), 409
    flash(_("The staff will look at it and answer by mail."), "success")
    return redirect(url_for(".index"), 303)


@bp.get("/contested")
@requires(Permission.STRIKE_FORGIVE)
def contested() -> ResponseReturnValue:
    """List what members say is wrong."""
    return _to_answer()


@bp.post("/<uid>/answer")
@requires(Permission.STRIKE_FORGIVE)
def answer(uid: str) -> ResponseReturnValue:
    """Forgive one, or let it stand, with a reason."""
    text = request.form.get("text", "")
    forgive = request.form.get("forgive") == "yes"
    strike = queries.one(reading(), uid, current_actor())
    try:
        services.answer(uid, forgive=forgive, text=text, actor=current_actor(), now=clock.now())
    except Invalid as error:
        return _to_answer(uid, text, reasons_of(error.problems)[0].detail), 422
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return _to_answer(), 409
    flash(_("Forgiven.") if forgive else _("It stands, and the person is told why."), "success")
    if request.form.get("back") == "person":
        return redirect(url_for("people.show", uid=strike.person_uid), 303)
    return redirect(url_for(".contested"), 303)


def _own(uid: str = "", typed: str = "", error: str = "") -> str:
    found = queries.own(reading(), current_actor())
    now = clock.now()
    suspensions = {
        strike.site_name: strike
        for strike in found
        if strike.suspended_until is not None and strike.suspended_until > now
    }
    return render_template(
        "strikes/index.html",
        strikes=found,
        suspensions=suspensions,
        kinds=KIND_NAMES,
        at=uid,
        typed=typed,
        error=error,
    )


def _to_answer(uid: str = "", typed: str = "", error: str = "") -> str:
    return render_template(
        "strikes/contested.html",
        strikes=queries.to_answer(reading(), current_actor()),
        kinds=KIND_NAMES,
        at=uid,
        typed=typed,
        error=error,
    )
