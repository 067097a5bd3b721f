"""Reads of attempts: what was asked and chosen, and afterwards what was right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.quizzes.content import Content
from labops.domain.quizzes.models import Quiz, QuizAnswer, QuizAttempt, QuizQuestionVersion
from labops.domain.quizzes.queries import content_of
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """One question as it was asked; `order` and `chosen` are places in its options."""

    position: int
    content: Content
    order: tuple[int, ...]
    chosen: frozenset[int]
    correct: bool | None

    @property
    def answered(self) -> bool:
        """Say whether anything is chosen."""
        return bool(self.chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """An attempt with everything that was asked, in order."""

    uid: str
    quiz_slug: str
    pass_percent: int
    started_at: datetime
    submitted_at: datetime | None
    score: int | None
    passed: bool | None
    questions: tuple[AskedQuestion, ...]

    @property
    def left_out(self) -> list[int]:
        """Return the numbers of the questions without an answer."""
        return [one.position for one in self.questions if not one.answered]


def own_open(session: Session, slug: str, *, actor: Actor) -> AttemptView:
    """Return the actor's open attempt at the quiz; raises `NotFound` when there is none."""
    row = session.scalar(
        select(QuizAttempt)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(
            Quiz.slug == slug,
            QuizAttempt.person_id == actor.require_person(),
            QuizAttempt.submitted_at.is_(None),
        )
    )
    if row is None:
        raise NotFound
    return _view(session, row, slug)


def own_result(session: Session, slug: str, uid: str, *, actor: Actor) -> AttemptView:
    """Return an attempt of the actor's that was handed in; raises `NotFound`."""
    row = session.scalar(
        select(QuizAttempt)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(Quiz.slug == slug, QuizAttempt.uid == uid)
    )
    if row is None or not actor.owns(row.person_id) or row.submitted_at is None:
        raise NotFound
    return _view(session, row, slug)


def _view(session: Session, row: QuizAttempt, slug: str) -> AttemptView:
    query = (
        select(QuizAnswer, QuizQuestionVersion)
        .join(QuizQuestionVersion, QuizQuestionVersion.id == QuizAnswer.version_id)
        .where(QuizAnswer.attempt_id == row.id)
        .order_by(QuizAnswer.position)
    )
    asked = tuple(
        AskedQuestion(
            position=answer.position,
            content=content_of(version),
            order=tuple(answer.option_order),
            chosen=frozenset(answer.chosen),
            correct=answer.correct,
        )
        for answer, version in session.execute(query)
    )
    return AttemptView(
        uid=row.uid,
        quiz_slug=slug,
        pass_percent=row.pass_percent,
        started_at=row.started_at,
        submitted_at=row.submitted_at,
        score=row.score,
        passed=row.passed,
        questions=asked,
    )
