"""A bank as a file: out, and in after a look at what would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.messages import Reason, sentence_for
from labops.blueprints.quizzes.base import bp, own_quiz
from labops.blueprints.quizzes.forms import ImportForm
from labops.domain.quizzes import files
from labops.domain.quizzes.files import Imported
from labops.domain.quizzes.queries import QuizView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Refused
from labops.kernel.permissions import Permission

QUIZ_EDIT = Permission.QUIZ_EDIT
MOST_SIGNS = 1_500_000


@dataclass(frozen=True, slots=True)
class WrongEntry:
    """What is wrong in one entry of the file, such as `questions[3]`."""

    entry: str
    field: str
    sentence: str


@bp.get("/teaching/quizzes/<slug>/bank.toml")
@requires(QUIZ_EDIT)
def bank_file(slug: str) -> Response:
    """Answer with the bank as a file."""
    quiz = own_quiz(slug)
    return Response(
        files.written(reading(), quiz.id),
        content_type="application/toml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{quiz.slug}.toml"'},
    )


@bp.get("/teaching/quizzes/<slug>/import")
@requires(QUIZ_EDIT)
def import_page(slug: str) -> ResponseReturnValue:
    """Show where to put the file."""
    return _page(own_quiz(slug), ImportForm())


@bp.post("/teaching/quizzes/<slug>/import")
@requires(QUIZ_EDIT)
def import_bank(slug: str) -> ResponseReturnValue:
    """Say what the file would change; with `act=import`, change it."""
    quiz = own_quiz(slug)
    form = ImportForm(request.form)
    text = _text_of(form)
    if text is None:
        return _page(quiz, form), 422
    form.text.data = text
    importing = request.form.get("act") == "import"
    try:
        done = files.import_bank(
            quiz.slug, text, actor=current_actor(), now=clock.now(), dry_run=not importing
        )
    except Invalid as invalid:
        wrong = [
            WrongEntry(
                str(one.params.get("entry", "")),
                str(one.params.get("field", "")),
                sentence_for(one, g.get("zone")),
            )
            for one in invalid.problems
        ]
        return _page(quiz, form, wrong=wrong), 422
    except Refused as refused:
        return _page(quiz, form, reasons=reasons_of(refused.problems)), 409
    if not importing:
        return _page(quiz, form, preview=done)
    flash(
        _(
            "Imported: %(added)s added, %(changed)s changed.",
            added=len(done.added),
            changed=len(done.changed),
        ),
        "success",
    )
    return redirect(url_for(".edit", slug=quiz.slug), 303)


def _text_of(form: ImportForm) -> str | None:
    """Return the text of the file, else what was pasted; `None` after saying what is wrong."""
    upload = request.files.get("file")
    raw = upload.read() if upload is not None and upload.filename else b""
    try:
        text = raw.decode("utf-8-sig") if raw else str(form.text.data or "")
    except UnicodeDecodeError:
        form.file.errors = [_("This file is not UTF-8 text.")]
        return None
    text = text.replace("\r\n", "\n")
    if not text.strip():
        form.file.errors = [_("Choose a file, or paste its text below.")]
        return None
    if len(text) > MOST_SIGNS:
        form.file.errors = [_("This is too much for a page. Cut it in parts.")]
        return None
    return text


def _page(
    quiz: QuizView,
    form: ImportForm,
    *,
    preview: Imported | None = None,
    wrong: Sequence[WrongEntry] = (),
    reasons: Sequence[Reason] = (),
) -> str:
    return render_template(
        "quizzes/import.html",
        quiz=quiz,
        form=form,
        preview=preview,
        wrong=wrong,
        reasons=reasons,
        language=language(),
    )
