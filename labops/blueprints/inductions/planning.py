"""Planning sessions: the form, what stands against each of several, changing, cancelling."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints.access import current_actor, current_person, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.inductions.base import bp, found_session, session_page
from labops.blueprints.inductions.forms import FIELDS, USUAL, SessionForm, filled
from labops.blueprints.sites.base import asked, put_errors, staffed_site
from labops.domain.inductions import services
from labops.domain.inductions.commands import PlanSessions
from labops.domain.inductions.views import SessionView
from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Invalid, Problem, Refused
from labops.kernel.permissions import Permission

USUAL_LENGTH = timedelta(hours=2)
USUAL_AHEAD = timedelta(days=7)
USUAL_HOUR = 18


@bp.get("/sites/<slug>/inductions/new")
@requires(Permission.INDUCTION_EDIT)
def new(slug: str) -> ResponseReturnValue:
    """Show the form of a new session, for the machine type in the address if there is one."""
    site = staffed_site(slug, Permission.INDUCTION_EDIT)
    start = (clock.now() + USUAL_AHEAD).astimezone(site.tz).replace(tzinfo=None)
    start = start.replace(hour=USUAL_HOUR, minute=0, second=0, microsecond=0)
    person = current_person()
    values = {
        **USUAL,
        "machine_type": asked("type"),
        "starts_at": start,
        "ends_at": start + USUAL_LENGTH,
        "teacher": person.uid if person else "",
    }
    return _form_page(site, SessionForm(data=values, site=site))


@bp.post("/sites/<slug>/inductions/new")
@requires(Permission.INDUCTION_EDIT)
def plan(slug: str) -> ResponseReturnValue:
    """Plan a session, or show first what stands against each of several."""
    site = staffed_site(slug, Permission.INDUCTION_EDIT)
    form = SessionForm(request.form, site=site)
    remarks: list[str] = []
    command = form.to_command(site, remarks)
    if command is None:
        return _form_page(site, form), 422
    if "again" in request.form:
        return _form_page(site, form)
    try:
        repeat = form.to_repeat()
        if repeat is not None:
            return _several(site, PlanSessions(first=command, repeat=repeat), remarks)
        uid = services.plan(site.id, command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _form_page(site, form), 422
    except Refused as refused:
        return _form_page(site, form, problems=refused.problems), 409
    flash(_("The induction is planned."), "success")
    _say(remarks)
    return redirect(url_for(".show", uid=uid), 303)


@bp.get("/inductions/<uid>/edit")
@requires(Permission.INDUCTION_EDIT)
def edit(uid: str) -> ResponseReturnValue:
    """Show the form of a session."""
    induction, site = _staffed(uid)
    form = SessionForm(data=filled(induction, site), site=site, induction=induction)
    return _form_page(site, form, induction)


@bp.post("/inductions/<uid>/edit")
@requires(Permission.INDUCTION_EDIT)
def change(uid: str) -> ResponseReturnValue:
    """Change a session; whoever is in it is told when time, place or teacher change."""
    induction, site = _staffed(uid)
    form = SessionForm(request.form, site=site, induction=induction)
    remarks: list[str] = []
    command = form.to_command(site, remarks)
    if command is None:
        return _form_page(site, form, induction), 422
    try:
        services.change(uid, command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _form_page(site, form, induction), 422
    except Refused as refused:
        return _form_page(site, form, induction, refused.problems), 409
    except Changed:
        form.form_errors.append(_("Somebody else changed it meanwhile. Look at it again."))
        return _form_page(site, form, induction), 409
    flash(_("The induction was changed."), "success")
    _say(remarks)
    return redirect(url_for(".show", uid=uid), 303)


@bp.post("/inductions/<uid>/cancel")
@requires(Permission.INDUCTION_EDIT)
def cancel(uid: str) -> ResponseReturnValue:
    """Cancel a session with a reason; whoever is in it is told."""
    induction, _site = _staffed(uid)
    reason = request.form.get("reason", "")
    try:
        services.cancel(uid, reason=reason, actor=current_actor(), now=clock.now())
    except Invalid:
        return session_page(induction, (Problem("induction.reason-missing"),)), 422
    except Refused as refused:
        return session_page(found_session(uid), refused.problems), 409
    flash(_("The induction was cancelled. Whoever was in it is told."), "success")
    return redirect(url_for(".show", uid=uid), 303)


def _several(site: SiteView, command: PlanSessions, remarks: list[str]) -> ResponseReturnValue:
    """Show what stands against each, or plan those that were chosen; raises as the services."""
    actor, now = current_actor(), clock.now()
    changed = False
    if request.form.get("decided") == "yes":
        chosen = {int(text) for text in request.form.getlist("number") if text.isdecimal()}
        try:
            uids = services.plan_several(site.id, command, chosen, actor=actor, now=now)
        except Changed:
            changed = True
        else:
            said = ngettext(
                "One induction is planned.", "%(num)d inductions are planned.", len(uids)
            )
            flash(said, "success")
            _say(remarks)
            return redirect(url_for(".index", site=site.slug), 303)
    foreseen = services.preview(reading(), site.id, command, actor=actor, now=now)
    page = render_template(
        "inductions/repeat.html",
        site=site,
        rows=[(one.planned, reasons_of(one.problems)) for one in foreseen],
        fine_count=sum(1 for one in foreseen if not one.problems),
        changed=changed,
        hidden=[(name, value) for name in FIELDS for value in request.form.getlist(name)],
    )
    return page, 409 if changed else 200


def _staffed(uid: str) -> tuple[SessionView, SiteView]:
    induction = found_session(uid)
    current_actor().require(Permission.INDUCTION_EDIT, induction.site_id)
    return induction, sites.by_slug(reading(), induction.site_slug)


def _form_page(
    site: SiteView,
    form: SessionForm,
    induction: SessionView | None = None,
    problems: tuple[Problem, ...] = (),
) -> str:
    return render_template(
        "inductions/form.html",
        site=site,
        form=form,
        induction=induction,
        reasons=reasons_of(problems),
    )


def _say(remarks: list[str]) -> None:
    for remark in remarks:
        flash(remark, "warning")
