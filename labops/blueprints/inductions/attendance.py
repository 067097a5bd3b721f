"""The attendance list: who came, and what became of each. Made for a phone in one hand."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.inductions.base import bp, found_session, sign_up_name, type_name
from labops.domain.inductions import judging, queries
from labops.domain.inductions.states import OUTCOMES, PLACED, SessionState, SignUpState
from labops.domain.inductions.views import SessionView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Problem, Refused
from labops.kernel.permissions import Permission


@bp.get("/inductions/<uid>/attendance")
@requires(Permission.CERTIFICATION_GRANT)
def attendance(uid: str) -> ResponseReturnValue:
    """Show who is in the session and who waits."""
    return _page(_judged(uid))


@bp.post("/inductions/<uid>/attendance")
@requires(Permission.CERTIFICATION_GRANT)
def judge(uid: str) -> ResponseReturnValue:
    """Write down what became of people: those for whom something was chosen."""
    induction = _judged(uid)
    outcomes, notes = {}, {}
    known = {str(outcome) for outcome in OUTCOMES}
    for one in queries.attendance(reading(), induction.id):
        chosen = request.form.get(f"outcome-{one.person_uid}", "")
        if chosen in known and one.state in PLACED:
            outcomes[one.person_uid] = SignUpState(chosen)
            notes[one.person_uid] = request.form.get(f"note-{one.person_uid}", "")
    try:
        count = judging.judge(uid, outcomes, notes=notes, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _page(induction, refused.problems), 409
    if count:
        said = ngettext("One outcome was saved.", "%(num)d outcomes were saved.", count)
        flash(said, "success")
    else:
        flash(_("Nothing changed."), "info")
    return redirect(url_for(".attendance", uid=uid), 303)


def _judged(uid: str) -> SessionView:
    induction = found_session(uid)
    current_actor().require(Permission.CERTIFICATION_GRANT, induction.site_id)
    return induction


def _page(induction: SessionView, problems: tuple[Problem, ...] = ()) -> str:
    found = queries.attendance(reading(), induction.id)
    begun = induction.starts_at <= clock.now()
    return render_template(
        "inductions/attendance.html",
        induction=induction,
        title=type_name(induction),
        placed=[one for one in found if one.state in PLACED],
        waiting=[one for one in found if one.state == SignUpState.WAITING],
        gone=[one for one in found if one.state == SignUpState.CANCELLED],
        may_judge=begun and induction.state != SessionState.CANCELLED,
        outcomes=[
            (SignUpState.CERTIFIED.value, _("Certified")),
            (SignUpState.AGAIN.value, _("Again")),
            (SignUpState.ABSENT.value, _("Absent")),
        ],
        sign_up_name=sign_up_name,
        reasons=reasons_of(problems),
    )
