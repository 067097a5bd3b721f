"""Acts in a case: one form for each, for the lab and for the city."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters.case_words import action_name
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.applications.base import bp
from labops.blueprints.applications.forms import ActForm, fields_of
from labops.blueprints.applications.shown import ELSEWHERE, common, found_case
from labops.blueprints.errors import reasons_of
from labops.blueprints.sites.base import put_errors
from labops.domain.applications import acting, services
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.guards import problems_with
from labops.domain.applications.policies import RULES
from labops.domain.applications.states import Action, Capacity
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused


@bp.get("/applications/<case>/acts/<action>")
@signed_in
def act(case: str, action: str) -> ResponseReturnValue:
    """Show the form of an act, with what stands against it."""
    file, wanted = found_case(case), _action(action)
    facts = acting.facts_of(reading(), file, wanted, current_actor(), now=clock.now())
    problems = problems_with(file.case, wanted, file.capacities, facts)
    return _page(file, wanted, ActForm(), tuple(problems))


@bp.post("/applications/<case>/acts/<action>")
@signed_in
def perform(case: str, action: str) -> ResponseReturnValue:
    """Do it."""
    file, wanted = found_case(case), _action(action)
    form = ActForm(request.form)
    if not form.validate():
        return _page(file, wanted, form), 422
    try:
        services.act(file.row.uid, wanted, form.to_said(), actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(file, wanted, form), 422
    except Refused as refused:
        return _page(file, wanted, form, refused.problems), 409
    flash(_("Done: %(act)s.", act=action_name(wanted)), "success")
    return redirect(home(file), 303)


def home(file: CaseFile) -> str:
    """Return the page of the case for whoever opened it."""
    lab = Capacity.REPRESENTATIVE in file.capacities
    return url_for("applications.show" if lab else "review.show", case=file.row.uid)


def _action(action: str) -> Action:
    try:
        found = Action(action)
    except ValueError as error:
        raise NotFound from error
    if found in ELSEWHERE:
        raise NotFound
    return found


def _page(file: CaseFile, action: Action, form: ActForm, problems: tuple[Problem, ...] = ()) -> str:
    return render_template(
        "applications/act.html",
        **common(file),
        action=action,
        title=action_name(action),
        form=form,
        names=fields_of(action, RULES[action].by),
        home=home(file),
        reasons=reasons_of(problems),
    )
