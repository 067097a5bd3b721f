"""What whoever teaches wants to know: which questions fail, how attempts go, who passed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from labops.domain.memberships.models import Membership
from labops.domain.people.models import Person
from labops.domain.quizzes.models import (
    QuizAnswer,
    QuizAttempt,
    QuizQuestion,
    QuizQuestionVersion,
    QuizTopic,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Attempts handed in from `since` on, before `until`; `None` means without bound."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCount:
    """How often one version of a question was asked, and answered wrong."""

    slug: str
    topic: str
    number: int
    current: bool
    retired: bool
    text_it: str
    text_en: str
    asked_count: int
    wrong_count: int

    @property
    def wrong_percent(self) -> int:
        """Return the share of wrong answers in whole percent."""
        return round(self.wrong_count * 100 / self.asked_count)

    def text(self, language: str) -> str:
        """Return the question in the language, as Markdown."""
        return self.text_it if language == "it" else self.text_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """How attempts of a month went. `month` is `2026-11`."""

    month: str
    attempt_count: int
    passed_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Who passed: the latest time, with its score, and how many attempts there were in all."""

    person_uid: str
    name: str
    passed_at: datetime
    score: int
    attempt_count: int


def of_questions(
    session: Session, quiz_id: int, span: Span, *, topic: str = ""
) -> list[QuestionCount]:
    """Return each version that was asked, the most often failed share first."""
    wrong = func.count().filter(QuizAnswer.correct.is_(False))
    query = (
        select(QuizQuestion, QuizQuestionVersion, QuizTopic.slug, func.count(), wrong)
        .join(QuizQuestionVersion, QuizQuestionVersion.question_id == QuizQuestion.id)
        .join(QuizAnswer, QuizAnswer.version_id == QuizQuestionVersion.id)
        .join(QuizAttempt, QuizAttempt.id == QuizAnswer.attempt_id)
        .outerjoin(QuizTopic, QuizTopic.id == QuizQuestion.topic_id)
        .where(*_handed_in(quiz_id, span))
        .group_by(QuizQuestion.id, QuizQuestionVersion.id, QuizTopic.slug)
    )
    if topic:
        query = query.where(QuizTopic.slug == topic)
    counts = [
        QuestionCount(
            slug=question.slug,
            topic=slug or "",
            number=version.number,
            current=version.number == question.current_number,
            retired=question.retired_at is not None,
            text_it=version.text_it,
            text_en=version.text_en,
            asked_count=asked,
            wrong_count=failed,
        )
        for question, version, slug, asked, failed in session.execute(query)
    ]
    return sorted(
        counts,
        key=lambda one: (-one.wrong_count / one.asked_count, -one.asked_count, one.slug),
    )


def by_month(session: Session, quiz_id: int, span: Span, zone: ZoneInfo) -> list[Month]:
    """Return how attempts went by month on the clocks of the zone, the latest first."""
    query = select(QuizAttempt.submitted_at, QuizAttempt.passed)
    counts: dict[str, list[int]] = {}
    for submitted_at, passed in session.execute(query.where(*_handed_in(quiz_id, span))):
        assert submitted_at is not None  # noqa: S101 - for the type checker
        count = counts.setdefault(f"{submitted_at.astimezone(zone):%Y-%m}", [0, 0])
        count[0] += 1
        count[1] += bool(passed)
    return [
        Month(month=month, attempt_count=attempts, passed_count=passed)
        for month, (attempts, passed) in sorted(counts.items(), reverse=True)
    ]


def who_passed(
    session: Session, quiz_id: int, span: Span, *, sites: Collection[int] | None
) -> list[Passed]:
    """Return who passed, the latest first; of members of the sites only, or (`None`) of all."""
    latest = (
        select(
            QuizAttempt.person_id,
            func.max(QuizAttempt.submitted_at).filter(QuizAttempt.passed.is_(True)).label("at"),
            func.count().label("attempts"),
        )
        .where(*_handed_in(quiz_id, span))
        .group_by(QuizAttempt.person_id)
        .subquery()
    )
    query = (
        select(Person.uid, Person.name, latest.c.at, QuizAttempt.score, latest.c.attempts)
        .join(latest, latest.c.person_id == Person.id)
        .join(
            QuizAttempt,
            and_(
                QuizAttempt.person_id == Person.id,
                QuizAttempt.quiz_id == quiz_id,
                QuizAttempt.submitted_at == latest.c.at,
            ),
        )
        .order_by(latest.c.at.desc(), Person.uid)
    )
    if sites is not None:
        members = select(Membership.person_id).where(Membership.site_id.in_(sites))
        query = query.where(Person.id.in_(members))
    return [
        Passed(person_uid=uid, name=name, passed_at=at, score=score or 0, attempt_count=attempts)
        for uid, name, at, score, attempts in session.execute(query)
    ]


def _handed_in(quiz_id: int, span: Span) -> list[ColumnElement[bool]]:
    conditions = [QuizAttempt.quiz_id == quiz_id, QuizAttempt.submitted_at.is_not(None)]
    if span.since is not None:
        conditions.append(QuizAttempt.submitted_at >= span.since)
    if span.until is not None:
        conditions.append(QuizAttempt.submitted_at < span.until)
    return conditions
