"""Use cases of whoever writes quizzes: a quiz, its topics, its questions."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.machines.models import MachineType
from labops.domain.quizzes import bank, queries
from labops.domain.quizzes import content as contents
from labops.domain.quizzes.content import Content
from labops.domain.quizzes.models import Quiz, QuizQuestion
from labops.domain.quizzes.states import MOST_QUESTIONS
from labops.domain.sites.models import Site
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.ids import slug_of
from labops.kernel.permissions import Actor

BOUNDS = {
    "question_count": (1, MOST_QUESTIONS),
    "pass_percent": (1, 100),
    "attempts_allowed": (0, 100),
    "period_days": (1, 3660),
    "cooldown_minutes": (0, 60 * 24 * 366),
    "valid_days": (0, 36600),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeQuiz:
    """What a quiz says of itself, and its limits; 0 means none."""

    title_it: str
    title_en: str
    intro_it: str = ""
    intro_en: str = ""
    question_count: int = 10
    pass_percent: int = 80
    attempts_allowed: int = 3
    period_days: int = 7
    cooldown_minutes: int = 60
    valid_days: int = 0
    certifies: bool = False


def create(
    new: DescribeQuiz,
    *,
    actor: Actor,
    now: datetime,
    site_id: int | None = None,
    machine_type: str = "",
) -> str:
    """Add a quiz of a machine type, or else of a site, and return its slug; it is not shown yet.

    Raises `Forbidden`, `NotFound` for an unknown site, and `Invalid`.
    """
    bank.require_edit(actor, None if machine_type else site_id, of_type=bool(machine_type))
    _check_quiz(new)
    with unit_of_work() as session:
        type_id = None
        if machine_type:
            query = select(MachineType.id).where(MachineType.slug == machine_type)
            type_id = session.scalar(query)
            if type_id is None:
                raise Invalid.field("machine_type", "field.not-offered", value=machine_type)
            site_id = None
        elif site_id is None or session.get(Site, site_id) is None:
            raise NotFound
        slug = _free_slug(session, slug_of(new.title_en) or "quiz")
        quiz = Quiz(
            slug=slug, site_id=site_id, machine_type_id=type_id, created_at=now, **asdict(new)
        )
        session.add(quiz)
        _note(session, actor, "quiz.created", slug, now, after=asdict(new))
        return slug


def describe(slug: str, new: DescribeQuiz, *, actor: Actor, now: datetime) -> None:
    """Change a quiz; attempts that are open keep what was drawn and the mark that held.

    Raises `NotFound`, `Forbidden`, `Invalid`, and `Refused` when a shown quiz could no longer be
    drawn.
    """
    _check_quiz(new)
    with unit_of_work() as session:
        quiz = bank.editable(session, slug, actor)
        before = {name: getattr(quiz, name) for name in asdict(new)}
        for name, value in asdict(new).items():
            setattr(quiz, name, value)
        bank.keep_drawable(session, quiz)
        _note(session, actor, "quiz.changed", slug, now, before=before, after=asdict(new))


def publish(slug: str, *, shown: bool, actor: Actor, now: datetime) -> None:
    """Show a quiz to people, or take it back; what was passed stays passed.

    Raises `Refused` with `quiz.too-few-questions` for each topic that lacks some.
    """
    with unit_of_work() as session:
        quiz = bank.editable(session, slug, actor)
        quiz.published = shown
        bank.keep_drawable(session, quiz)
        _note(session, actor, "quiz.published" if shown else "quiz.withdrawn", slug, now)


def save_topic(slug: str, topic: bank.DescribeTopic, *, actor: Actor, now: datetime) -> None:
    """Add the topic, or change the one with its slug."""
    with unit_of_work() as session:
        quiz = bank.editable(session, slug, actor)
        bank.put_topic(session, quiz.id, topic)
        bank.keep_drawable(session, quiz)
        _note(session, actor, "quiz.topic-saved", slug, now, after=asdict(topic))


def save_question(
    slug: str,
    content: Content,
    *,
    actor: Actor,
    now: datetime,
    topic: str = "",
    question: str = "",
) -> str:
    """Add a question, or give the one with the slug `question` these words; return its slug.

    Other words are a new version: who was asked the old one keeps it. Raises as `describe` does.
    """
    if problems := contents.problems_of(content):
        raise Invalid(problems)
    with unit_of_work() as session:
        quiz = bank.editable(session, slug, actor)
        topics = queries.topics_of(session, quiz.id)
        if topic and topic not in topics:
            raise Invalid.field("topic", "field.not-offered", value=topic)
        topic_id = topics[topic].id if topic else None
        found = queries.question_row(session, quiz.id, question) if question else None
        if question and found is None:
            raise NotFound
        name = question or _free_question_slug(session, quiz.id, content)
        number = bank.put_question(
            session, quiz.id, name, content, topic_id=topic_id, actor=actor, now=now
        )
        bank.keep_drawable(session, quiz)
        after = {"question": name, "version": number, "digest": content.digest}
        _note(session, actor, "quiz.question-saved", slug, now, after=after)
        return name


def retire_question(
    slug: str, question: str, *, retired: bool, actor: Actor, now: datetime
) -> None:
    """Ask a question no more, or again. Raises `Refused` when a shown quiz would lack questions."""
    with unit_of_work() as session:
        quiz = bank.editable(session, slug, actor)
        row = queries.question_row(session, quiz.id, question)
        if row is None:
            raise NotFound
        row.retired_at = now if retired else None
        bank.keep_drawable(session, quiz)
        action = "quiz.question-retired" if retired else "quiz.question-taken-up"
        _note(session, actor, action, slug, now, after={"question": question})


def _check_quiz(new: DescribeQuiz) -> None:
    problems = [
        Problem("field.required", {"field": name})
        for name in ("title_it", "title_en")
        if not getattr(new, name).strip()
    ]
    for name, (lowest, highest) in BOUNDS.items():
        if not lowest <= getattr(new, name) <= highest:
            params = {"field": name, "lowest": lowest, "highest": highest}
            problems.append(Problem("field.out-of-range", params))
    if problems:
        raise Invalid(problems)


def _free_slug(session: Session, wanted: str) -> str:
    known = set(session.scalars(select(Quiz.slug).where(Quiz.slug.startswith(wanted))))
    return _unused(wanted, known | {"new"})


def _free_question_slug(session: Session, quiz_id: int, content: Content) -> str:
    query = select(QuizQuestion.slug).where(QuizQuestion.quiz_id == quiz_id)
    wanted = "-".join(slug_of(content.text_en).split("-")[:6])[:50].strip("-") or "question"
    return _unused(wanted, set(session.scalars(query)) | {"new"})


def _unused(wanted: str, known: set[str]) -> str:
    number, name = 1, wanted[:56]
    while name in known:
        number += 1
        name = f"{wanted[:50]}-{number}"
    return name


def _note(
    session: Session,
    actor: Actor,
    action: str,
    slug: str,
    now: datetime,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    audit.record(session, actor, action, f"quiz:{slug}", now=now, before=before, after=after)
