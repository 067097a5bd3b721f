"""What staff ask people before and after they use a machine, and what they said."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField, StringField
from wtforms.validators import InputRequired, Length

from labops.blueprints import formats
from labops.blueprints.access import current_actor, requires
from labops.blueprints.machines.base import bp, staffed_machine
from labops.blueprints.sites.base import key, put_errors
from labops.domain.machines.queries import MachineView
from labops.domain.use_questions import queries, services
from labops.domain.use_questions.services import LONGEST_QUESTION
from labops.domain.use_questions.states import AskedAt
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

MOMENTS = {AskedAt.BEFORE: _l("Before the use"), AskedAt.AFTER: _l("After the use")}


class QuestionForm(Form):
    """A new question, in both languages."""

    asked_at = SelectField(_l("When"), default=AskedAt.BEFORE)
    text_it = StringField(_l("In Italian"), [InputRequired(), Length(max=LONGEST_QUESTION)])
    text_en = StringField(_l("In English"), [InputRequired(), Length(max=LONGEST_QUESTION)])


@bp.get("/machines/<slug>/questions")
@requires(Permission.MACHINE_EDIT)
def questions(slug: str) -> ResponseReturnValue:
    """Show what is asked at the machine, and the latest answers."""
    return _page(staffed_machine(slug), _form())


@bp.post("/machines/<slug>/questions")
@requires(Permission.MACHINE_EDIT)
def ask(slug: str) -> ResponseReturnValue:
    """Ask something from now on."""
    machine, form = staffed_machine(slug), _form(request.form)
    if not form.validate():
        return _page(machine, form), 422
    try:
        services.ask(
            machine.slug,
            AskedAt(form["asked_at"].data),
            text_it=form["text_it"].data,
            text_en=form["text_en"].data,
            actor=current_actor(),
            now=clock.now(),
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(machine, form), 422
    flash(_("The question is asked from now on."), "success")
    return redirect(url_for(".questions", slug=machine.slug), 303)


@bp.post("/machines/<slug>/questions/<question_uid>/retire")
@requires(Permission.MACHINE_EDIT)
def retire_question(slug: str, question_uid: str) -> ResponseReturnValue:
    """Ask a question no more."""
    machine = staffed_machine(slug)
    services.retire(key(question_uid), actor=current_actor(), now=clock.now())
    flash(_("The question is no longer asked. What was answered stays."), "success")
    return redirect(url_for(".questions", slug=machine.slug), 303)


def _form(typed: MultiDict[str, str] | None = None) -> QuestionForm:
    form = QuestionForm(typed)
    form.asked_at.choices = [(moment.value, str(name)) for moment, name in MOMENTS.items()]
    return form


def _page(machine: MachineView, form: QuestionForm) -> str:
    return render_template(
        "machines/questions.html",
        machine=machine,
        form=form,
        moments=MOMENTS,
        questions=queries.of_machine(reading(), machine.id),
        answers=queries.answers_at_machine(reading(), machine.id),
        language=formats.language(),
    )
