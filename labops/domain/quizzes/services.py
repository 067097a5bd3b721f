"""Use cases of whoever takes a quiz: beginning, answering, handing in."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications.quizzing import certify_by_quiz
from labops.domain.people.models import Person
from labops.domain.quizzes import queries
from labops.domain.quizzes.events import QuizPassed
from labops.domain.quizzes.models import Quiz, QuizAnswer, QuizAttempt, QuizQuestionVersion
from labops.domain.quizzes.policies import (
    Candidate,
    draw,
    is_correct,
    is_passed,
    problems_with_trying,
    score,
)
from labops.domain.quizzes.states import QuestionKind
from labops.kernel import audit, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor

Choices = Mapping[int, Collection[int]]


def start(slug: str, *, actor: Actor, now: datetime) -> str:
    """Begin the quiz, or go on with the attempt that is open; return the attempt's uid.

    Raises `NotFound` for a quiz that is not shown, and `Refused` with `quiz.too-many-attempts` or
    `quiz.cooling-down`, whose `at` says when it may be tried again.
    """
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        # What is drawn from stays as it is until the questions are drawn.
        session.scalar(select(Quiz.id).where(Quiz.slug == slug).with_for_update(read=True))
        view = queries.by_slug(session, slug)
        # Two tabs of one person wait for each other here; the index is behind it.
        person = session.get_one(Person, person_id, with_for_update=True)
        if actor.suspended:
            raise Forbidden
        attempts = queries.attempts_of(session, person_id, view.id)
        for one in attempts:
            if one.submitted_at is None:
                return one.uid
        if not view.published:
            raise NotFound
        if problems := problems_with_trying(queries.tried(attempts), view.limits, now=now):
            raise Refused(problems, zone=view.zone)
        attempt = QuizAttempt(
            quiz_id=view.id,
            person_id=person_id,
            seed=secrets.token_hex(16),
            pass_percent=view.pass_percent,
            started_at=now,
        )
        session.add(attempt)
        session.flush()
        _ask(session, attempt, view.question_count)
        after = {"quiz": slug, "attempt": attempt.uid}
        audit.record(session, actor, "quiz.started", f"person:{person.uid}", now=now, after=after)
        return attempt.uid


def keep_answers(uid: str, choices: Choices, *, actor: Actor) -> None:
    """Keep what is chosen so far, by the question's position; the rest stays as it is.

    Raises `NotFound` for somebody else's attempt, `Refused` with `quiz.submitted` after it was
    handed in, and `Invalid` for what was not offered.
    """
    with unit_of_work() as session:
        attempt = _own_open(session, uid, actor)
        _keep(session, attempt, choices)


def submit(uid: str, choices: Choices, *, actor: Actor, now: datetime) -> bool:
    """Keep the last choices, grade everything, and say whether it was passed.

    Passing certifies, or renews a certification, as `certify_by_quiz` says. An attempt is graded
    once: raises `Refused` with `quiz.submitted` the second time, with `quiz.unanswered` while
    something is left out; otherwise as `keep_answers` does.
    """
    with unit_of_work() as session:
        attempt = _own_open(session, uid, actor)
        answers = _keep(session, attempt, choices)
        left_out = [answer.position for answer in answers if not answer.chosen]
        if left_out:
            numbers = ", ".join(str(number) for number in sorted(left_out))
            raise Refused([Problem("quiz.unanswered", {"numbers": numbers})])
        correct = _grade(session, answers)
        attempt.submitted_at = max(now, attempt.started_at)
        attempt.score = score(correct, len(answers))
        attempt.passed = is_passed(correct, len(answers), attempt.pass_percent)
        person = session.get_one(Person, attempt.person_id)
        quiz = session.get_one(Quiz, attempt.quiz_id)
        if attempt.passed:
            _tell(session, quiz, attempt, now)
            _certify(session, quiz, attempt, now)
        audit.record(
            session,
            actor,
            "quiz.passed" if attempt.passed else "quiz.failed",
            f"person:{person.uid}",
            now=now,
            after={"quiz": quiz.slug, "attempt": uid, "score": attempt.score},
        )
        return attempt.passed


def _tell(session: Session, quiz: Quiz, attempt: QuizAttempt, now: datetime) -> None:
    fact = QuizPassed(
        person_id=attempt.person_id,
        quiz_id=quiz.id,
        machine_type_id=quiz.machine_type_id or 0,
        score=attempt.score or 0,
        at=now.isoformat(),
        certifies=quiz.certifies,
        attempt_uid=attempt.uid,
    )
    outbox.record(session, fact, now=now)


def _certify(session: Session, quiz: Quiz, attempt: QuizAttempt, now: datetime) -> None:
    if quiz.machine_type_id is not None:
        certify_by_quiz(
            session,
            attempt.person_id,
            quiz.machine_type_id,
            certifies=quiz.certifies,
            evidence=f"/quizzes/{quiz.slug}",
            now=now,
        )


def _ask(session: Session, attempt: QuizAttempt, count: int) -> None:
    """Draw the questions and the order of their options; the seed tells both again."""
    random = Random(attempt.seed)  # noqa: S311 - the seed is what must not be guessed
    candidates, minimums = queries.bank_to_draw(session, attempt.quiz_id)
    drawn = draw(candidates, minimums, count, random)
    versions = _versions(session, drawn)
    for position, candidate in enumerate(drawn, start=1):
        version = versions[candidate.version_id]
        order = list(range(len(version.options)))
        random.shuffle(order)
        session.add(
            QuizAnswer(
                attempt_id=attempt.id,
                person_id=attempt.person_id,
                position=position,
                version_id=version.id,
                digest=version.digest,
                option_order=order,
                chosen=[],
            )
        )


def _versions(session: Session, drawn: Collection[Candidate]) -> dict[int, QuizQuestionVersion]:
    ids = [one.version_id for one in drawn]
    query = select(QuizQuestionVersion).where(QuizQuestionVersion.id.in_(ids))
    return {version.id: version for version in session.scalars(query)}


def _own_open(session: Session, uid: str, actor: Actor) -> QuizAttempt:
    person_id = actor.require_person()
    actor.require_write()
    query = select(QuizAttempt).where(QuizAttempt.uid == uid).with_for_update()
    attempt = session.scalar(query)
    if attempt is None or attempt.person_id != person_id:
        raise NotFound
    if attempt.submitted_at is not None:
        raise Refused([Problem("quiz.submitted")])
    return attempt


def _keep(session: Session, attempt: QuizAttempt, choices: Choices) -> list[QuizAnswer]:
    query = select(QuizAnswer).where(QuizAnswer.attempt_id == attempt.id)
    answers = list(session.scalars(query.order_by(QuizAnswer.position)))
    by_position = {answer.position: answer for answer in answers}
    kinds = _kinds(session, answers)
    for position, chosen in choices.items():
        answer = by_position.get(position)
        wanted = sorted(set(chosen))
        if (
            answer is None
            or not set(wanted) <= set(answer.option_order)
            or (kinds[answer.version_id] == QuestionKind.SINGLE and len(wanted) > 1)
        ):
            raise Invalid.field("choice", "field.not-offered")
        answer.chosen = wanted
    return answers


def _kinds(session: Session, answers: Collection[QuizAnswer]) -> dict[int, str]:
    ids = [answer.version_id for answer in answers]
    query = select(QuizQuestionVersion.id, QuizQuestionVersion.kind)
    rows = session.execute(query.where(QuizQuestionVersion.id.in_(ids)))
    return {row.id: row.kind for row in rows}


def _grade(session: Session, answers: Collection[QuizAnswer]) -> int:
    """Mark every answer and return how many are right."""
    versions = _versions(session, [Candidate(answer.version_id) for answer in answers])
    for answer in answers:
        content = queries.content_of(versions[answer.version_id])
        answer.correct = is_correct(content.right, answer.chosen)
    return sum(bool(answer.correct) for answer in answers)
