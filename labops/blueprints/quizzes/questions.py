"""The page of one question: its words in both languages, pictures, a look before saving."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import photos
from labops.adapters.markdown import safe_html
from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.quizzes.base import bp, own_quiz
from labops.blueprints.quizzes.forms import QuestionForm, asked, rows_to_show, typed_options
from labops.blueprints.sites.base import key, put_errors
from labops.domain.quizzes import editing, queries
from labops.domain.quizzes.content import Content, Option
from labops.domain.quizzes.queries import QuestionView, QuizView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Permission

QUIZ_EDIT = Permission.QUIZ_EDIT
NEW = "new"


@bp.get("/teaching/quizzes/<slug>/questions/<question>")
@requires(QUIZ_EDIT)
def edit_question(slug: str, question: str) -> ResponseReturnValue:
    """Show the form of a question, or of a new one."""
    quiz = own_quiz(slug)
    found = _found(quiz, question)
    form = QuestionForm(data=asked(found)) if found else QuestionForm()
    options = list(found.content.options) if found else []
    return _page(quiz, found, form, options, shown=found.content if found else None)


@bp.post("/teaching/quizzes/<slug>/questions/<question>")
@requires(QUIZ_EDIT)
def save_question(slug: str, question: str) -> ResponseReturnValue:
    """Save a question; or only look at it, or put a picture into its texts."""
    quiz = own_quiz(slug)
    found = _found(quiz, question)
    form, options = QuestionForm(request.form), typed_options(request.form)
    act = request.form.get("act", "")
    if act == "picture":
        _put_picture(form)
        return _page(quiz, found, form, options), 422 if form.errors else 200
    valid = form.validate()
    if act == "preview":
        content = form.to_content(options) if form.kind.data in _KINDS else None
        return _page(quiz, found, form, options, shown=content), 200
    if not valid:
        return _page(quiz, found, form, options), 422
    try:
        editing.save_question(
            quiz.slug,
            form.to_content(options),
            actor=current_actor(),
            now=clock.now(),
            topic=form.topic.data or "",
            question=found.slug if found else "",
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(quiz, found, form, options), 422
    except Refused as refused:
        return _page(quiz, found, form, options, problems=refused.problems), 409
    flash(_("Saved."), "success")
    return redirect(url_for(".edit", slug=quiz.slug, _anchor="questions"), 303)


@bp.post("/teaching/quizzes/<slug>/questions/<question>/retired")
@requires(QUIZ_EDIT)
def retire(slug: str, question: str) -> ResponseReturnValue:
    """Ask a question no more, or again."""
    quiz = own_quiz(slug)
    found = _found(quiz, question)
    if found is None:
        raise NotFound
    retired = request.form.get("retired") == "yes"
    editing.retire_question(
        quiz.slug, found.slug, retired=retired, actor=current_actor(), now=clock.now()
    )
    flash(_("The question is asked no more.") if retired else _("The question is asked again."))
    return redirect(url_for(".edit", slug=quiz.slug, _anchor="questions"), 303)


_KINDS = {"single", "multiple"}


def _found(quiz: QuizView, question: str) -> QuestionView | None:
    """Return the question, `None` for a new one; raises `NotFound`."""
    if question == NEW:
        return None
    wanted = key(question)
    for one in queries.questions(reading(), quiz.id):
        if one.slug == wanted:
            return one
    raise NotFound


def _put_picture(form: QuestionForm) -> None:
    """Keep the picture that was sent, and put it at the end of both texts."""
    upload = request.files.get("photo")
    if upload is None or not upload.filename:
        form.photo.errors = [_("Choose a file first.")]
        return
    for field in (form.alt_it, form.alt_en):
        if not field.data:
            field.errors = [_("Say what the picture shows, for those who cannot see it.")]
    if form.errors:
        return
    try:
        name = photos.kept(photos.made(upload.read(photos.MOST_BYTES + 1)))
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return
    address = url_for("machines.photo", photo=f"{name}-large.webp")
    for text, alt in ((form.text_it, form.alt_it), (form.text_en, form.alt_en)):
        said = str(alt.data).translate({ord(sign): None for sign in "[]\\`"})
        text.data = f"{text.data or ''}\n\n![{said}]({address})".strip()
        alt.data = ""


def _page(
    quiz: QuizView,
    question: QuestionView | None,
    form: QuestionForm,
    options: list[Option],
    *,
    shown: Content | None = None,
    problems: tuple[Problem, ...] = (),
) -> str:
    topics = queries.topics_of(reading(), quiz.id)
    italian = language() == "it"
    form.topic.choices = [("", "–")] + [
        (topic.slug, topic.name_it if italian else topic.name_en) for topic in topics.values()
    ]
    return render_template(
        "quizzes/edit_question.html",
        quiz=quiz,
        question=question,
        form=form,
        rows=rows_to_show(options),
        shown=shown,
        reasons=reasons_of(problems),
        language=language(),
        html=safe_html,
    )
