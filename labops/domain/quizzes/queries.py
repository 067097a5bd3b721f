"""Reads of quizzes, of their banks, and of who passed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from labops.domain.machines.models import MachineType
from labops.domain.quizzes.content import Content, from_rows
from labops.domain.quizzes.models import (
    Quiz,
    QuizAttempt,
    QuizQuestion,
    QuizQuestionVersion,
    QuizTopic,
)
from labops.domain.quizzes.policies import Candidate, Limits, Tried
from labops.domain.quizzes.states import QuestionKind
from labops.domain.sites.models import Site
from labops.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class QuizView:
    """A quiz with its site or machine type in words."""

    id: int
    slug: str
    site_id: int | None
    site_name: str
    zone: str
    machine_type_id: int | None
    machine_type: str
    type_name_it: str
    type_name_en: str
    title_it: str
    title_en: str
    intro_it: str
    intro_en: str
    question_count: int
    pass_percent: int
    attempts_allowed: int
    period_days: int
    cooldown_minutes: int
    valid_days: int
    certifies: bool
    published: bool

    def title(self, language: str) -> str:
        """Return the title in the language."""
        return self.title_it if language == "it" else self.title_en

    def intro(self, language: str) -> str:
        """Return the introduction in the language, as Markdown."""
        return self.intro_it if language == "it" else self.intro_en

    def about(self, language: str) -> str:
        """Return what the quiz is about: a site, or a machine type."""
        return self.site_name or (self.type_name_it if language == "it" else self.type_name_en)

    @property
    def limits(self) -> Limits:
        """Return how often it may be tried."""
        return Limits(
            attempts_allowed=self.attempts_allowed,
            period=timedelta(days=self.period_days),
            cooldown=timedelta(minutes=self.cooldown_minutes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """A question in the words that hold now."""

    slug: str
    topic: str
    version_id: int
    number: int
    content: Content
    retired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a person stands with a quiz. `until` is when her pass stops counting, if it does."""

    quiz: QuizView
    passed_at: datetime | None
    until: datetime | None
    open_attempt: bool
    latest_score: int | None


def by_slug(session: Session, slug: str) -> QuizView:
    """Return the quiz; raises `NotFound`."""
    found = _views(session, Quiz.slug == slug)
    if not found:
        raise NotFound
    return found[0]


def listed(session: Session, *, only_published: bool = False) -> list[QuizView]:
    """Return the quizzes: those of sites first, then those of machine types."""
    return _views(session, *([Quiz.published] if only_published else []))


def passed_at(session: Session, person_id: int, quiz_id: int) -> datetime | None:
    """Return when the person last passed the quiz; `None` when she never did."""
    query = select(func.max(QuizAttempt.submitted_at)).where(
        QuizAttempt.person_id == person_id,
        QuizAttempt.quiz_id == quiz_id,
        QuizAttempt.passed.is_(True),
    )
    latest: datetime | None = session.execute(query).scalar()
    return latest


def passes(
    session: Session, person_ids: Collection[int], slugs: Collection[str], *, today: date
) -> dict[int, dict[str, datetime]]:
    """Return when people passed quizzes, by person and slug, as far as that counts on the day."""
    if not slugs:
        return {}
    query = (
        select(
            QuizAttempt.person_id,
            Quiz.slug,
            Quiz.valid_days,
            func.max(QuizAttempt.submitted_at, type_=QuizAttempt.submitted_at.type).label("at"),
        )
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(
            QuizAttempt.person_id.in_(person_ids),
            Quiz.slug.in_(slugs),
            QuizAttempt.passed.is_(True),
        )
        .group_by(QuizAttempt.person_id, Quiz.slug, Quiz.valid_days)
    )
    found: dict[int, dict[str, datetime]] = {}
    for row in session.execute(query):
        if not row.valid_days or (row.at + timedelta(days=row.valid_days)).date() >= today:
            found.setdefault(row.person_id, {})[row.slug] = row.at
    return found


def standings(session: Session, person_id: int) -> list[Standing]:
    """Return how the person stands with every quiz she can take or has passed."""
    attempts: dict[int, list[QuizAttempt]] = {}
    query = select(QuizAttempt).where(QuizAttempt.person_id == person_id)
    for row in session.scalars(query.order_by(QuizAttempt.started_at, QuizAttempt.id)):
        attempts.setdefault(row.quiz_id, []).append(row)
    quizzes = _views(session, or_(Quiz.published, Quiz.id.in_(attempts)))
    return [standing_of(quiz, attempts.get(quiz.id, [])) for quiz in quizzes]


def standing_of(quiz: QuizView, attempts: Sequence[QuizAttempt]) -> Standing:
    """Return how somebody stands, from her attempts, oldest first."""
    passes = [one.submitted_at for one in attempts if one.passed and one.submitted_at]
    latest = max(passes, default=None)
    scores = [one.score for one in attempts if one.submitted_at]
    return Standing(
        quiz=quiz,
        passed_at=latest,
        until=latest + timedelta(days=quiz.valid_days) if latest and quiz.valid_days else None,
        open_attempt=any(one.submitted_at is None for one in attempts),
        latest_score=scores[-1] if scores else None,
    )


def attempts_of(session: Session, person_id: int, quiz_id: int) -> list[QuizAttempt]:
    """Return the person's attempts at the quiz, oldest first."""
    query = select(QuizAttempt).where(
        QuizAttempt.person_id == person_id, QuizAttempt.quiz_id == quiz_id
    )
    return list(session.scalars(query.order_by(QuizAttempt.started_at, QuizAttempt.id)))


def tried(attempts: Sequence[QuizAttempt]) -> list[Tried]:
    """Return those that were handed in, as the limits look at them."""
    return [
        Tried(one.started_at, one.submitted_at, bool(one.passed))
        for one in attempts
        if one.submitted_at is not None
    ]


def topics_of(session: Session, quiz_id: int) -> dict[str, QuizTopic]:
    """Return the topics by slug."""
    query = select(QuizTopic).where(QuizTopic.quiz_id == quiz_id).order_by(QuizTopic.slug)
    return {topic.slug: topic for topic in session.scalars(query)}


def bank_to_draw(session: Session, quiz_id: int) -> tuple[list[Candidate], dict[int, int]]:
    """Return the questions in force, and each topic's minimum by its id."""
    query = (
        select(QuizQuestionVersion.id, QuizQuestion.topic_id)
        .join(QuizQuestion, QuizQuestion.id == QuizQuestionVersion.question_id)
        .where(
            QuizQuestion.quiz_id == quiz_id,
            QuizQuestion.retired_at.is_(None),
            QuizQuestionVersion.number == QuizQuestion.current_number,
        )
    )
    candidates = [Candidate(row.id, row.topic_id or 0) for row in session.execute(query)]
    topics = topics_of(session, quiz_id).values()
    return candidates, {topic.id: topic.minimum for topic in topics}


def questions(session: Session, quiz_id: int) -> list[QuestionView]:
    """Return the bank in the words that hold now, those in force first."""
    query = (
        select(QuizQuestion, QuizQuestionVersion, QuizTopic.slug)
        .join(QuizQuestionVersion, QuizQuestionVersion.question_id == QuizQuestion.id)
        .outerjoin(QuizTopic, QuizTopic.id == QuizQuestion.topic_id)
        .where(
            QuizQuestion.quiz_id == quiz_id,
            QuizQuestionVersion.number == QuizQuestion.current_number,
        )
        .order_by(QuizQuestion.retired_at.is_not(None), QuizQuestion.id)
    )
    return [
        QuestionView(
            slug=question.slug,
            topic=topic or "",
            version_id=version.id,
            number=version.number,
            content=content_of(version),
            retired_at=question.retired_at,
        )
        for question, version, topic in session.execute(query)
    ]


def content_of(version: QuizQuestionVersion) -> Content:
    """Return the words of a version."""
    return Content(
        kind=QuestionKind(version.kind),
        text_it=version.text_it,
        text_en=version.text_en,
        explanation_it=version.explanation_it,
        explanation_en=version.explanation_en,
        options=from_rows(version.options),
    )


def question_row(session: Session, quiz_id: int, slug: str) -> QuizQuestion | None:
    """Return the row of a question, or `None`."""
    return session.scalar(
        select(QuizQuestion).where(QuizQuestion.quiz_id == quiz_id, QuizQuestion.slug == slug)
    )


def digest_of(session: Session, question: QuizQuestion) -> str | None:
    """Return the digest of the question's words that hold now."""
    return session.scalar(
        select(QuizQuestionVersion.digest).where(
            QuizQuestionVersion.question_id == question.id,
            QuizQuestionVersion.number == question.current_number,
        )
    )


def _views(session: Session, *conditions: object) -> list[QuizView]:
    query = (
        select(
            Quiz,
            Site.name.label("site_name"),
            Site.zone.label("zone"),
            MachineType.slug.label("machine_type"),
            MachineType.name_it,
            MachineType.name_en,
        )
        .outerjoin(Site, Site.id == Quiz.site_id)
        .outerjoin(MachineType, MachineType.id == Quiz.machine_type_id)
        .where(*conditions)  # type: ignore[arg-type]  # whatever `where` takes
        .order_by(Quiz.site_id.is_(None), Quiz.slug)
    )
    own = [name for name in QuizView.__slots__ if name in Quiz.__table__.columns]
    return [
        QuizView(
            site_name=row.site_name or "",
            zone=row.zone or "",
            machine_type=row.machine_type or "",
            type_name_it=row.name_it or "",
            type_name_en=row.name_en or "",
            **{name: getattr(row[0], name) for name in own},
        )
        for row in session.execute(query)
    ]
