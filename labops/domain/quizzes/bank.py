"""Steps inside the transactions that change a bank: rights, topics, questions, enough to draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.quizzes import content as contents
from labops.domain.quizzes import queries
from labops.domain.quizzes.content import Content
from labops.domain.quizzes.models import Quiz, QuizQuestion, QuizQuestionVersion, QuizTopic
from labops.domain.quizzes.policies import shortage
from labops.domain.quizzes.states import MOST_QUESTIONS
from labops.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn, Problem, Refused
from labops.kernel.ids import slug_of
from labops.kernel.permissions import Actor, Permission

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeTopic:
    """A topic, and how many of its questions every attempt asks at least."""

    slug: str
    name_it: str
    name_en: str
    minimum: int = 0


def require_edit(actor: Actor, site_id: int | None, *, of_type: bool) -> None:
    """Raise unless the actor may write quizzes of the site, or, of a machine type, of any site.

    Machine types are shared by all sites, so whoever teaches at one may write their quiz.
    """
    if not of_type:
        actor.require(Permission.QUIZ_EDIT, site_id)
    elif not actor.may_somewhere(Permission.QUIZ_EDIT):
        raise Forbidden if actor.signed_in else NotSignedIn


def editable(session: Session, slug: str, actor: Actor) -> Quiz:
    """Return the quiz, locked for a change; raises `NotFound` or `Forbidden`."""
    quiz = session.scalar(select(Quiz).where(Quiz.slug == slug).with_for_update())
    if quiz is None:
        raise NotFound
    require_edit(actor, quiz.site_id, of_type=quiz.machine_type_id is not None)
    return quiz


def keep_drawable(session: Session, quiz: Quiz) -> None:
    """Raise `Refused` when people are shown a quiz that cannot be drawn."""
    session.flush()
    if not quiz.published:
        return
    candidates, minimums = queries.bank_to_draw(session, quiz.id)
    lacking = shortage(candidates, minimums, quiz.question_count)
    if not lacking:
        return
    names = {topic.id: topic.slug for topic in queries.topics_of(session, quiz.id).values()}
    raise Refused(
        Problem("quiz.too-few-questions", {"topic": names.get(topic_id, ""), "count": count})
        for topic_id, count in lacking.items()
    )


def put_topic(session: Session, quiz_id: int, topic: DescribeTopic) -> QuizTopic:
    """Save a topic of a quiz; raises `Invalid`."""
    if problems := problems_of_topic(topic):
        raise Invalid(problems)
    row = queries.topics_of(session, quiz_id).get(topic.slug)
    if row is None:
        row = QuizTopic(quiz_id=quiz_id, slug=topic.slug)
        session.add(row)
    row.name_it, row.name_en = topic.name_it, topic.name_en
    row.minimum = topic.minimum
    session.flush()
    return row


def problems_of_topic(topic: DescribeTopic) -> list[Problem]:
    """Return everything that is wrong with a topic, each with its field."""
    missing = [name for name in ("slug", "name_it", "name_en") if not getattr(topic, name)]
    problems = [Problem("field.required", {"field": name}) for name in missing]
    if topic.slug and topic.slug != slug_of(topic.slug)[:40]:
        params = {"field": "slug", "value": topic.slug}
        problems.append(Problem("field.not-a-short-name", params))
    problems += [
        Problem("field.too-long", {"field": name, "longest": LONGEST_NAME})
        for name in ("name_it", "name_en")
        if len(getattr(topic, name)) > LONGEST_NAME
    ]
    if not 0 <= topic.minimum <= MOST_QUESTIONS:
        bounds = {"lowest": 0, "highest": MOST_QUESTIONS}
        problems.append(Problem("field.out-of-range", {"field": "minimum", **bounds}))
    return problems


def put_question(
    session: Session,
    quiz_id: int,
    slug: str,
    content: Content,
    *,
    topic_id: int | None,
    actor: Actor,
    now: datetime,
) -> int:
    """Save a question, in a new version if its words are new; return the version's number."""
    row = queries.question_row(session, quiz_id, slug)
    if row is None:
        row = QuizQuestion(quiz_id=quiz_id, slug=slug, current_number=0)
        session.add(row)
    row.topic_id = topic_id
    session.flush()
    if row.current_number and queries.digest_of(session, row) == content.digest:
        return row.current_number
    row.current_number += 1
    session.add(
        QuizQuestionVersion(
            question_id=row.id,
            number=row.current_number,
            kind=content.kind.value,
            options=contents.in_rows(content),
            digest=content.digest,
            created_at=now,
            created_by_id=actor.person_id,
            **{name: getattr(content, name) for name in contents.TEXTS},
        )
    )
    session.flush()
    return row.current_number
