"""The stepper: one criterion after the other, saved as one goes."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import evidence_files
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.applications.base import bp
from labops.blueprints.applications.forms import AnswerForm, EvidenceForm
from labops.blueprints.applications.routes import case_page
from labops.blueprints.applications.shown import common, found_case, today
from labops.blueprints.errors import reasons_of
from labops.blueprints.sites.base import key, put_errors
from labops.domain.applications import content as contents
from labops.domain.applications import drafting, views
from labops.domain.applications.casefile import CaseFile, prepared
from labops.domain.applications.content import Lack
from labops.domain.applications.states import Capacity
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused


@bp.get("/applications/<case>/criteria/<criterion>")
@signed_in
def step(case: str, criterion: str) -> ResponseReturnValue:
    """Show one criterion with its answer and its files."""
    return _page(_own(case), criterion)


@bp.post("/applications/<case>/criteria/<criterion>")
@signed_in
def save(case: str, criterion: str) -> ResponseReturnValue:
    """Keep the answer and, when one was chosen, the file; go where the button says."""
    file = _own(case)
    slugs = [each.slug for each in file.call.criteria]
    file.call.criterion(criterion)
    answer, evidence = AnswerForm(request.form), EvidenceForm(request.form)
    if not (answer.validate() and evidence.validate()):
        return _page(file, criterion, answer=answer, evidence=evidence), 422
    actor, now = current_actor(), clock.now()
    try:
        drafting.save_answer(file.row.uid, criterion, answer.text.data or "", actor=actor, now=now)
        added = _add_file(file, criterion, evidence.valid_to.data)
    except Invalid as invalid:
        put_errors(answer if "text" in _named(invalid) else evidence, invalid.problems)
        return _page(file, criterion, answer=answer, evidence=evidence), 422
    except Refused as refused:
        return _page(file, criterion, answer=answer, problems=refused.problems), 409
    act = request.form.get("act", "next")
    if added or act == "stay":
        flash(_("Saved."), "success")
        return redirect(url_for(".step", case=file.row.uid, criterion=criterion), 303)
    place = slugs.index(criterion) + (-1 if act == "back" else 1)
    if act == "stop" or not 0 <= place < len(slugs):
        return redirect(url_for(".show", case=file.row.uid), 303)
    return redirect(url_for(".step", case=file.row.uid, criterion=slugs[place]), 303)


@bp.post("/applications/<case>/files/<uid>/drop")
@signed_in
def drop(case: str, uid: str) -> ResponseReturnValue:
    """Take a file out of what is prepared."""
    file = _own(case)
    try:
        drafting.drop_evidence(file.row.uid, key(uid), actor=current_actor(), now=clock.now())
    except Refused as refused:
        return case_page(case, refused.problems), 409
    flash(_("The file was taken out."), "success")
    criterion = request.form.get("criterion", "")
    if criterion in {each.slug for each in file.call.criteria}:
        return redirect(url_for(".step", case=file.row.uid, criterion=criterion), 303)
    return redirect(url_for(".show", case=file.row.uid), 303)


def _add_file(file: CaseFile, criterion: str, valid_to: date | None) -> bool:
    """Keep the file that was chosen, if any; say whether there was one."""
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return False
    # One byte more than is allowed is enough to know; the rest is never read.
    raw = upload.stream.read(evidence_files.MOST_BYTES + 1)
    looked_into = evidence_files.look_into(upload.filename, raw)
    evidence_files.attach(
        file.row.uid,
        criterion,
        looked_into,
        valid_to=valid_to,
        actor=current_actor(),
        now=clock.now(),
    )
    return True


def _own(case: str) -> CaseFile:
    file = found_case(case)
    if Capacity.REPRESENTATIVE not in file.capacities:
        raise NotFound
    return file


def _lack_words() -> dict[Lack, str]:
    return {
        Lack.ANSWER: _("The answer is missing."),
        Lack.FILE: _("A file that shows it is missing."),
        Lack.END: _("A file that still holds is missing, with the day until which it does."),
    }


def _named(invalid: Invalid) -> set[str]:
    return {str(each.params.get("field", "")) for each in invalid.problems}


def _page(
    file: CaseFile,
    slug: str,
    *,
    answer: AnswerForm | None = None,
    evidence: EvidenceForm | None = None,
    problems: tuple[Problem, ...] = (),
) -> str:
    criterion = file.call.criterion(slug)
    session = reading()
    content = prepared(session, file.row.id)
    sent = {each.uid for each in file.sent.last.files}
    return render_template(
        "applications/step.html",
        **common(file),
        criterion=criterion,
        number=[each.slug for each in file.call.criteria].index(slug) + 1,
        answer=answer or AnswerForm(data={"text": content.answers.get(slug, "")}),
        evidence=evidence or EvidenceForm(),
        files=[
            each
            for each in views.evidence_of(session, file)
            if each.criterion == slug and each.dropped_at is None
        ],
        sent=sent,
        missing=contents.missing(file.call, content, today()),
        lacks=contents.lacks(criterion, content, today()),
        lack_words=_lack_words(),
        editable=drafting.may_edit(session, file, current_actor(), now=clock.now()),
        reasons=reasons_of(problems),
    )
