"""Pages of whoever writes quizzes: the list, a quiz with its limits, topics and questions."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters.markdown import safe_html
from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.quizzes.base import bp, own_quiz
from labops.blueprints.quizzes.forms import NewQuizForm, QuizForm, TopicForm, described
from labops.blueprints.sites.base import put_errors
from labops.domain.machines.queries import machine_types
from labops.domain.quizzes import editing, queries
from labops.domain.quizzes.editing import DescribeQuiz
from labops.domain.quizzes.queries import QuizView
from labops.domain.sites.queries import all_sites
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Problem, Refused
from labops.kernel.permissions import Permission

QUIZ_EDIT = Permission.QUIZ_EDIT


@bp.get("/teaching/quizzes")
@requires(QUIZ_EDIT)
def written() -> ResponseReturnValue:
    """List the quizzes that the actor may change."""
    sites = current_actor().sites_where(QUIZ_EDIT)
    found = [
        quiz
        for quiz in queries.listed(reading())
        if sites is None or quiz.site_id is None or quiz.site_id in sites
    ]
    return render_template("quizzes/written.html", quizzes=found, language=language())


@bp.get("/teaching/quizzes/new")
@requires(QUIZ_EDIT)
def new() -> ResponseReturnValue:
    """Show the form of a new quiz."""
    defaults = DescribeQuiz(title_it="", title_en="")
    return _new_page(_offered(NewQuizForm(obj=defaults)))


@bp.post("/teaching/quizzes/new")
@requires(QUIZ_EDIT)
def create() -> ResponseReturnValue:
    """Add a quiz, which nobody is shown yet."""
    form = _offered(NewQuizForm(request.form))
    if not form.validate():
        return _new_page(form), 422
    kind, _sep, name = str(form.about.data).partition(":")
    site_id = next((one.id for one in all_sites(reading()) if one.slug == name), None)
    try:
        slug = editing.create(
            form.to_command(),
            actor=current_actor(),
            now=clock.now(),
            site_id=site_id,
            machine_type=name if kind == "type" else "",
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems, {"machine_type": "about"})
        return _new_page(form), 422
    flash(_("The quiz was added. Now write its questions."), "success")
    return redirect(url_for(".edit", slug=slug), 303)


@bp.get("/teaching/quizzes/<slug>")
@requires(QUIZ_EDIT)
def edit(slug: str) -> ResponseReturnValue:
    """Show a quiz with its bank."""
    return _edit_page(own_quiz(slug))


@bp.post("/teaching/quizzes/<slug>")
@requires(QUIZ_EDIT)
def save(slug: str) -> ResponseReturnValue:
    """Change what a quiz says of itself, and its limits."""
    quiz = own_quiz(slug)
    form = QuizForm(request.form)
    if not form.validate():
        return _edit_page(quiz, form=form), 422
    try:
        editing.describe(quiz.slug, form.to_command(), actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _edit_page(quiz, form=form), 422
    except Refused as refused:
        return _edit_page(quiz, form=form, problems=refused.problems), 409
    return _saved(quiz)


@bp.post("/teaching/quizzes/<slug>/shown")
@requires(QUIZ_EDIT)
def publish(slug: str) -> ResponseReturnValue:
    """Show a quiz to people, or take it back."""
    quiz = own_quiz(slug)
    shown = request.form.get("shown") == "yes"
    try:
        editing.publish(quiz.slug, shown=shown, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _edit_page(quiz, problems=refused.problems), 409
    return _saved(quiz)


@bp.post("/teaching/quizzes/<slug>/topics")
@requires(QUIZ_EDIT)
def save_topic(slug: str) -> ResponseReturnValue:
    """Add a topic, or change the one with that short name."""
    quiz = own_quiz(slug)
    form = TopicForm(request.form)
    if not form.validate():
        return _edit_page(quiz, topic_form=form), 422
    try:
        editing.save_topic(quiz.slug, form.to_command(), actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _edit_page(quiz, topic_form=form), 422
    except Refused as refused:
        return _edit_page(quiz, topic_form=form, problems=refused.problems), 409
    return _saved(quiz)


def _saved(quiz: QuizView) -> ResponseReturnValue:
    flash(_("Saved."), "success")
    return redirect(url_for(".edit", slug=quiz.slug), 303)


def _offered(form: NewQuizForm) -> NewQuizForm:
    """Offer the sites of the actor, and every machine type."""
    sites = current_actor().sites_where(QUIZ_EDIT)
    italian = language() == "it"
    form.about.choices = [
        (f"site:{site.slug}", _("%(site)s in general", site=site.name))
        for site in all_sites(reading())
        if sites is None or site.id in sites
    ] + [
        (f"type:{kind.slug}", kind.name_it if italian else kind.name_en)
        for kind in machine_types(reading())
    ]
    return form


def _new_page(form: NewQuizForm) -> str:
    return render_template("quizzes/new.html", form=form)


def _edit_page(
    quiz: QuizView,
    *,
    form: QuizForm | None = None,
    topic_form: TopicForm | None = None,
    problems: tuple[Problem, ...] = (),
) -> str:
    session = reading()
    found = queries.questions(session, quiz.id)
    return render_template(
        "quizzes/edit.html",
        quiz=quiz,
        form=form or QuizForm(data=described(quiz)),
        topic_form=topic_form or TopicForm(data={"minimum": 0}),
        topics=queries.topics_of(session, quiz.id),
        questions=[one for one in found if one.retired_at is None],
        retired=[one for one in found if one.retired_at is not None],
        reasons=reasons_of(problems),
        language=language(),
        html=safe_html,
    )
