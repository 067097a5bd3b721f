"""One's own quizzes: which there are, taking one page by page, and what came of it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from labops.adapters.markdown import safe_html
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.quizzes.base import bp, common_zone, found_quiz, zone_of
from labops.domain.quizzes import attempts, queries, services
from labops.domain.quizzes.attempts import AttemptView
from labops.domain.quizzes.policies import problems_with_trying
from labops.domain.quizzes.queries import QuizView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused

MOST_SIGNS = 3


@bp.get("/quizzes")
@signed_in
def index() -> ResponseReturnValue:
    """Show the quizzes there are, what one has passed, and until when that counts."""
    found = queries.standings(reading(), current_actor().require_person())
    return render_template(
        "quizzes/index.html",
        standings=found,
        language=language(),
        zone=common_zone(),
        now=clock.now(),
    )


@bp.get("/quizzes/<slug>")
@signed_in
def show(slug: str) -> ResponseReturnValue:
    """Show what a quiz is about, its limits, and how one's attempts went."""
    return _quiz_page(found_quiz(slug))


@bp.post("/quizzes/<slug>")
@signed_in
def start(slug: str) -> ResponseReturnValue:
    """Begin, or go on."""
    quiz = found_quiz(slug)
    try:
        services.start(quiz.slug, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _quiz_page(quiz, refused.problems), 409
    attempt = attempts.own_open(reading(), quiz.slug, actor=current_actor())
    number = (attempt.left_out or [1])[0]
    return redirect(url_for(".question", slug=quiz.slug, number=number), 303)


@bp.get("/quizzes/<slug>/questions/<int:number>")
@signed_in
def question(slug: str, number: int) -> ResponseReturnValue:
    """Show one question of the attempt that is open."""
    quiz = found_quiz(slug)
    attempt = _open(quiz)
    if attempt is None:
        return redirect(url_for(".show", slug=quiz.slug), 303)
    return _question_page(quiz, attempt, number)


@bp.post("/quizzes/<slug>/questions/<int:number>")
@signed_in
def answer(slug: str, number: int) -> ResponseReturnValue:
    """Keep what was chosen, and go to the next page, the one before, or the start."""
    quiz = found_quiz(slug)
    attempt = _open(quiz)
    # A page that stayed open in another tab must not answer for a later attempt.
    if attempt is None or request.form.get("attempt") != attempt.uid:
        return redirect(url_for(".show", slug=quiz.slug), 303)
    try:
        services.keep_answers(attempt.uid, {number: _chosen()}, actor=current_actor())
    except Invalid as invalid:
        return _question_page(quiz, attempt, number, invalid.problems), 422
    except Refused:
        return redirect(url_for(".show", slug=quiz.slug), 303)
    act = request.form.get("act", "")
    if act == "stop":
        return redirect(url_for(".show", slug=quiz.slug), 303)
    number += -1 if act == "back" else 1
    if act == "review" or number > len(attempt.questions):
        return redirect(url_for(".review", slug=quiz.slug), 303)
    return redirect(url_for(".question", slug=quiz.slug, number=max(number, 1)), 303)


@bp.get("/quizzes/<slug>/review")
@signed_in
def review(slug: str) -> ResponseReturnValue:
    """Show what is answered and what is not, before handing in."""
    quiz = found_quiz(slug)
    attempt = _open(quiz)
    if attempt is None:
        return redirect(url_for(".show", slug=quiz.slug), 303)
    return _review_page(quiz, attempt)


@bp.post("/quizzes/<slug>/review")
@signed_in
def submit(slug: str) -> ResponseReturnValue:
    """Hand in; a second time shows what came of the first."""
    quiz, uid = found_quiz(slug), request.form.get("attempt", "")[:32].replace("\x00", "")
    try:
        services.submit(uid, {}, actor=current_actor(), now=clock.now())
    except Refused as refused:
        attempt = _open(quiz)
        if attempt is not None and attempt.uid == uid:
            return _review_page(quiz, attempt, refused.problems), 409
    return redirect(url_for(".result", slug=quiz.slug, attempt=uid), 303)


@bp.get("/quizzes/<slug>/attempts/<attempt>")
@signed_in
def result(slug: str, attempt: str) -> ResponseReturnValue:
    """Show how an attempt went, with every explanation."""
    quiz = found_quiz(slug)
    uid = attempt.replace("\x00", "")
    found = attempts.own_result(reading(), quiz.slug, uid, actor=current_actor())
    return render_template(
        "quizzes/result.html",
        quiz=quiz,
        attempt=found,
        language=language(),
        zone=zone_of(quiz),
        html=safe_html,
    )


def _open(quiz: QuizView) -> AttemptView | None:
    try:
        return attempts.own_open(reading(), quiz.slug, actor=current_actor())
    except NotFound:
        return None


def _chosen() -> list[int]:
    raw = request.form.getlist("choice")
    wrong = [one for one in raw if not (one.isascii() and one.isdecimal())]
    if wrong or any(len(one) > MOST_SIGNS for one in raw):
        raise Invalid.field("choice", "field.not-offered", value=(wrong or raw)[0][:40])
    return [int(one) for one in raw]


def _quiz_page(quiz: QuizView, problems: tuple[Problem, ...] = ()) -> str:
    session, person_id = reading(), current_actor().require_person()
    mine = queries.attempts_of(session, person_id, quiz.id)
    if not quiz.published and not mine:
        raise NotFound
    standing = queries.standing_of(quiz, mine)
    now = clock.now()
    if not problems and not standing.open_attempt:
        tried = queries.tried(mine)
        problems = tuple(problems_with_trying(tried, quiz.limits, now=now))
    return render_template(
        "quizzes/show.html",
        quiz=quiz,
        standing=standing,
        handed_in=[one for one in reversed(mine) if one.submitted_at],
        reasons=reasons_of(problems),
        language=language(),
        zone=zone_of(quiz),
        html=safe_html,
        now=now,
    )


def _question_page(
    quiz: QuizView, attempt: AttemptView, number: int, problems: tuple[Problem, ...] = ()
) -> str:
    if not 1 <= number <= len(attempt.questions):
        raise NotFound
    return render_template(
        "quizzes/question.html",
        quiz=quiz,
        attempt=attempt,
        asked=attempt.questions[number - 1],
        reasons=reasons_of(problems),
        language=language(),
        html=safe_html,
    )


def _review_page(quiz: QuizView, attempt: AttemptView, problems: tuple[Problem, ...] = ()) -> str:
    return render_template(
        "quizzes/review.html",
        quiz=quiz,
        attempt=attempt,
        reasons=reasons_of(problems),
        language=language(),
    )
