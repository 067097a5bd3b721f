"""Pages of officers who write calls. A published edition is only read."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters.markdown import safe_html
from labops.blueprints.access import current_actor, requires
from labops.blueprints.calls.base import bp
from labops.blueprints.calls.forms import (
    CallForm,
    CriterionForm,
    criterion_values,
    described,
    edition_name,
    term_names,
    usual,
)
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.sites.base import key, put_errors
from labops.domain.applications.working_days import ZONE
from labops.domain.calls import queries, services
from labops.domain.calls.queries import CallView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Problem, Refused
from labops.kernel.permissions import Permission

CALL_EDIT = Permission.CALL_EDIT


@bp.get("/review/calls")
@requires(CALL_EDIT)
def written() -> ResponseReturnValue:
    """List every edition of every call."""
    return render_template(
        "calls/written.html",
        calls=queries.listed(reading()),
        edition_name=edition_name,
        language=language(),
        zone=ZONE,
    )


@bp.get("/review/calls/new")
@requires(CALL_EDIT)
def new() -> ResponseReturnValue:
    """Show the form of a new call."""
    return render_template("calls/new.html", form=CallForm(data=usual(clock.now(), ZONE)))


@bp.post("/review/calls/new")
@requires(CALL_EDIT)
def create() -> ResponseReturnValue:
    """Write the draft of a call, with the criteria that are usual."""
    form = CallForm(request.form)
    command = form.to_command(ZONE) if form.validate() else None
    if command is None:
        return render_template("calls/new.html", form=form), 422
    try:
        uid = services.create(command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return render_template("calls/new.html", form=form), 422
    flash(_("The draft was written, with the usual criteria."), "success")
    return redirect(url_for(".edit", call=uid), 303)


@bp.get("/review/calls/<call>")
@requires(CALL_EDIT)
def edit(call: str) -> ResponseReturnValue:
    """Show an edition: a draft to be changed, a published one to be read."""
    return _page(queries.by_uid(reading(), key(call)))


@bp.post("/review/calls/<call>")
@requires(CALL_EDIT)
def save(call: str) -> ResponseReturnValue:
    """Change a draft."""
    view = queries.by_uid(reading(), key(call))
    form = CallForm(request.form)
    command = form.to_command(ZONE) if form.validate() else None
    if command is None:
        return _page(view, form=form), 422
    try:
        services.describe(view.uid, command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(view, form=form), 422
    except Refused as refused:
        return _page(view, problems=refused.problems), 409
    return _saved(view.uid)


@bp.post("/review/calls/<call>/publish")
@requires(CALL_EDIT)
def publish(call: str) -> ResponseReturnValue:
    """Publish a draft; from now on it never changes."""
    view = queries.by_uid(reading(), key(call))
    try:
        services.publish(view.uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _page(view, problems=refused.problems), 409
    flash(_("Published. From now on this edition never changes."), "success")
    return redirect(url_for(".edit", call=view.uid), 303)


@bp.post("/review/calls/<call>/editions")
@requires(CALL_EDIT)
def add_edition(call: str) -> ResponseReturnValue:
    """Begin a new edition as a copy of this one."""
    uid = services.new_edition(key(call), actor=current_actor(), now=clock.now())
    return redirect(url_for(".edit", call=uid), 303)


@bp.get("/review/calls/<call>/criteria/<criterion>")
@requires(CALL_EDIT)
def criterion(call: str, criterion: str) -> ResponseReturnValue:
    """Show the form of a criterion; `new` is one that is not there yet."""
    view = queries.by_uid(reading(), key(call))
    values = {} if criterion == "new" else criterion_values(view.criterion(criterion))
    return _criterion_page(view, criterion, CriterionForm(data=values))


@bp.post("/review/calls/<call>/criteria/<criterion>")
@requires(CALL_EDIT)
def save_criterion(call: str, criterion: str) -> ResponseReturnValue:
    """Add a criterion, change it, or with `act=drop` take it out."""
    view = queries.by_uid(reading(), key(call))
    form = CriterionForm(request.form)
    actor, now = current_actor(), clock.now()
    try:
        if request.form.get("act") == "drop":
            services.drop_criterion(view.uid, criterion, actor=actor, now=now)
            return _saved(view.uid)
        if not form.validate():
            return _criterion_page(view, criterion, form), 422
        slug = "" if criterion == "new" else criterion
        services.save_criterion(view.uid, form.to_command(), actor=actor, now=now, slug=slug)
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _criterion_page(view, criterion, form), 422
    except Refused as refused:
        return _page(view, problems=refused.problems), 409
    return _saved(view.uid)


def _saved(uid: str) -> ResponseReturnValue:
    flash(_("Saved."), "success")
    return redirect(url_for(".edit", call=uid), 303)


def _page(
    call: CallView, *, form: CallForm | None = None, problems: tuple[Problem, ...] = ()
) -> str:
    return render_template(
        "calls/edit.html",
        call=call,
        form=form or CallForm(data=described(call, ZONE)),
        edition=edition_name(call),
        term_names=term_names(),
        reasons=reasons_of(problems),
        language=language(),
        zone=ZONE,
        html=safe_html,
    )


def _criterion_page(call: CallView, criterion: str, form: CriterionForm) -> str:
    return render_template(
        "calls/criterion.html", call=call, criterion=criterion, form=form, language=language()
    )
