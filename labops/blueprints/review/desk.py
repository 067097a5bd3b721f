"""The desk: the queue by days left, a case with its criteria, its chronology."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import case_words
from labops.blueprints.access import current_actor, requires
from labops.blueprints.applications.forms import VerdictForm
from labops.blueprints.applications.shown import (
    acts_of,
    clock_words,
    common,
    found_case,
    left_words,
    today,
)
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.review.base import bp
from labops.blueprints.sites.base import put_errors
from labops.domain.applications import services, views
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.policies import problem_with
from labops.domain.applications.services import Said
from labops.domain.applications.states import Action, Capacity, CaseState, Verdict
from labops.domain.applications.views import CaseLine
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Permission

SEE = Permission.APPLICATION_SEE


@bp.get("/review")
@requires(SEE)
def queue() -> ResponseReturnValue:
    """Show the cases that wait for the city, fewest days left first.

    `every=1` shows all; `state` only those in that state.
    """
    every, state, lines = _asked_for()
    return render_template(
        "review/queue.html",
        lines=lines,
        every=every,
        state=state,
        states=list(CaseState),
        words=case_words,
        clock_words=clock_words,
        left_words=left_words,
        language=language(),
    )


@bp.get("/review/cases.csv")
@requires(SEE)
def queue_csv() -> ResponseReturnValue:
    """Answer with the same cases as CSV."""
    _every, _state, lines = _asked_for()
    columns = ("lab", "state", "day", "of_days", "due_on", "reply_by", "valid_to", "officer")
    return csv_answer("cases", columns, map(_csv_row, lines))


@bp.get("/review/cases/<case>")
@requires(SEE)
def show(case: str) -> ResponseReturnValue:
    """Show a case: what was sent, what was found, and what may be done."""
    return _page(_of_city(case))


@bp.post("/review/cases/<case>/criteria/<criterion>")
@requires(Permission.APPLICATION_REVIEW)
def assess(case: str, criterion: str) -> ResponseReturnValue:
    """Write down what was found about one criterion."""
    file = _of_city(case)
    file.call.criterion(criterion)
    form = VerdictForm(request.form, prefix=criterion).offer()
    if not form.validate():
        return _page(file, wrong={criterion: form}), 422
    said = Said(
        note=form.note.data or "",
        internal_note=form.internal_note.data or "",
        criterion=criterion,
        verdict=Verdict(form.verdict.data),
    )
    try:
        services.act(file.row.uid, Action.ASSESS, said, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(file, wrong={criterion: form}), 422
    except Refused as refused:
        return _page(file, problems=refused.problems), 409
    flash(_("Saved."), "success")
    return redirect(url_for(".show", case=file.row.uid, _anchor=f"criterion-{criterion}"), 303)


@bp.get("/review/cases/<case>/chronology")
@requires(SEE)
def chronology(case: str) -> ResponseReturnValue:
    """Show the whole file on one page, as it stands or as it stood at the end of a day."""
    file = _of_city(case)
    on = _day(request.args.get("on", ""))
    stood = views.as_it_stood(file, on) if on else file
    session = reading()
    sent = stood.sent
    return render_template(
        "review/chronology.html",
        **(common(file) | {"file": stood, "state": stood.case.state}),
        entries=views.chronology(session, file, on=on),
        evidence=views.evidence_of(session, file),
        content=sent.last,
        on=on,
        latest=views.latest_notes(stood),
    )


def _asked_for() -> tuple[bool, str, list[CaseLine]]:
    """Return what the address asks for: all cases, in which state, and those."""
    every, state = request.args.get("every") == "1", request.args.get("state", "")
    wanted = CaseState(state) if state in set(CaseState) else None
    lines = views.queue(
        reading(), current_actor(), now=clock.now(), every=every or wanted is not None
    )
    if wanted is not None:
        lines = [line for line in lines if line.state is wanted]
    return every, state, lines


def _csv_row(line: CaseLine) -> tuple[str, ...]:
    shown = line.clock
    due = shown.due_on if shown else None
    return (
        line.lab,
        str(line.state),
        str(shown.day) if shown else "",
        str(shown.days) if shown else "",
        *(on.isoformat() if on else "" for on in (due, line.reply_by, line.valid_to)),
        line.officer,
    )


def _of_city(case: str) -> CaseFile:
    """Return the case; raises `NotFound` for the lab's own people, who have their page."""
    file = found_case(case)
    if Capacity.REPRESENTATIVE in file.capacities:
        raise NotFound
    return file


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise NotFound from error


def _page(
    file: CaseFile,
    *,
    wrong: dict[str, VerdictForm] | None = None,
    problems: tuple[Problem, ...] = (),
) -> str:
    session = reading()
    notes = views.latest_notes(file)
    forms = {}
    for each in file.call.criteria:
        note, internal = notes.get(each.slug, ("", ""))
        values = {
            "verdict": file.case.verdicts.get(each.slug),
            "note": note,
            "internal_note": internal,
        }
        fresh = VerdictForm(data=values, prefix=each.slug).offer()
        forms[each.slug] = (wrong or {}).get(each.slug) or fresh
    may_assess = problem_with(file.case.state, Action.ASSESS, file.capacities) is None
    return render_template(
        "review/show.html",
        **common(file),
        content=file.sent.last,
        acts=acts_of(file),
        entries=views.chronology(session, file),
        evidence={each.uid: each for each in views.evidence_of(session, file)},
        notes=notes,
        forms=forms if may_assess else {},
        wrong=wrong or {},
        families=views.families_recorded(session, file.row.lab_id),
        today=today(),
        reasons=reasons_of(problems),
    )
