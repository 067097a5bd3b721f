"""The lab's own pages: its cases, one of them, beginning another."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import case_words
from labops.blueprints.access import current_actor, public, signed_in
from labops.blueprints.applications.base import bp
from labops.blueprints.applications.forms import LabForm
from labops.blueprints.applications.shown import acts_of, clock_words, common, found_case, today
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.sites.base import key, put_errors
from labops.domain.applications import content as contents
from labops.domain.applications import drafting, views
from labops.domain.applications.casefile import CaseFile, prepared
from labops.domain.applications.policies import RULES
from labops.domain.applications.states import Action, Capacity, CaseState
from labops.domain.calls import queries as calls
from labops.domain.calls.queries import CallView
from labops.domain.labs.founding import found_lab
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused


@bp.get("/applications")
@signed_in
def index() -> ResponseReturnValue:
    """List the cases of the labs that one speaks for, and the calls that are open."""
    now = clock.now()
    session = reading()
    return render_template(
        "applications/index.html",
        lines=views.own(session, current_actor(), now=now),
        calls=[each for each in calls.listed(session, only_published=True) if each.is_open(now)],
        words=case_words,
        clock_words=clock_words,
        language=language(),
    )


@bp.get("/applications/rules")
@public
def rules() -> ResponseReturnValue:
    """Show who may do what in which state: the table that the services follow."""
    lines = [
        (action, rule.by, [state for state in CaseState if state in rule.leads])
        for action, rule in RULES.items()
    ]
    return render_template(
        "applications/rules.html",
        lines=lines,
        words=case_words,
    )


@bp.get("/calls/<call>/apply")
@signed_in
def new(call: str) -> ResponseReturnValue:
    """Ask for which lab one applies."""
    view = _open_call(call)
    return _new_page(view, _offered(LabForm()))


@bp.post("/calls/<call>/apply")
@signed_in
def create(call: str) -> ResponseReturnValue:
    """Begin the application, and with it record the lab if it is new."""
    view = _open_call(call)
    form = _offered(LabForm(request.form))
    if not form.validate():
        return _new_page(view, form), 422
    actor, now = current_actor(), clock.now()
    try:
        if form.name.data:
            if not view.is_open(now):  # no lab is recorded for a call that takes nobody
                raise Refused([Problem("case.call-closed")])
            lab = found_lab(form.name.data, actor=actor, now=now)
        else:
            lab = str(form.lab.data or "")
        if not lab:
            raise Invalid.field("lab", "field.required")
        uid = drafting.begin(view.uid, lab, actor=actor, now=now)
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _new_page(view, form), 422
    except Refused as refused:
        return _new_page(view, form, refused.problems), 409
    return redirect(url_for(".show", case=uid), 303)


@bp.get("/applications/<case>")
@signed_in
def show(case: str) -> ResponseReturnValue:
    """Show how the case stands, what comes next, and what happened so far."""
    return case_page(case)


def case_page(case: str, problems: tuple[Problem, ...] = ()) -> str:
    """Return the lab's page of its case; raises `NotFound` for the city, which has the desk."""
    file = found_case(case)
    if Capacity.REPRESENTATIVE not in file.capacities:
        raise NotFound
    session, actor, now = reading(), current_actor(), clock.now()
    content = prepared(session, file.row.id)
    return render_template(
        "applications/show.html",
        **common(file),
        content=content,
        missing=contents.missing(file.call, content, today()),
        changed=contents.changed(file.call, content, file.sent.last),
        editable=drafting.may_edit(session, file, actor, now=now),
        acts=acts_of(file),
        entries=views.chronology(session, file),
        latest=views.latest_notes(file),
        families=views.families_recorded(session, file.row.lab_id),
        asked=_asked_for(file),
        reasons=reasons_of(problems),
    )


def _asked_for(file: CaseFile) -> list[str]:
    """Return the criteria that the last request or notice names."""
    for entry in reversed(file.entries):
        if entry.action in {Action.REQUEST_SUPPLEMENT, Action.NOTIFY_REJECTION}:
            named = entry.detail.get("criteria") or entry.detail.get("grounds") or []
            return [str(each) for each in named]
    return []


def _open_call(call: str) -> CallView:
    view = calls.by_uid(reading(), key(call))
    if view.published_at is None:
        raise NotFound
    return view


def _offered(form: LabForm) -> LabForm:
    labs = views.own_labs(reading(), current_actor(), now=clock.now())
    form.lab.choices = [("", _("Choose")), *((one.uid, one.name) for one in labs)]
    return form


def _new_page(call: CallView, form: LabForm, problems: tuple[Problem, ...] = ()) -> str:
    return render_template(
        "applications/new.html",
        call=call,
        form=form,
        reasons=reasons_of(problems),
        language=language(),
    )
