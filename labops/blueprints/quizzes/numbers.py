"""Numbers of a quiz: which questions fail, how attempts go, who passed; each also as CSV."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from labops.blueprints.access import current_actor, requires
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.formats import language
from labops.blueprints.quizzes.base import bp, own_quiz, zone_of
from labops.blueprints.sites.base import asked
from labops.domain.quizzes import queries, statistics
from labops.domain.quizzes.queries import QuizView
from labops.domain.quizzes.statistics import Passed, QuestionCount, Span
from labops.kernel.db import reading
from labops.kernel.permissions import Permission

QUIZ_EDIT = Permission.QUIZ_EDIT
FILTERS = ("since", "until", "topic")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the address asks for: days on the quiz's clocks, the last one included."""

    since: date | None
    until: date | None
    topic: str

    def span(self, zone: ZoneInfo) -> Span:
        """Return the instants between which attempts were handed in."""
        return Span(
            since=_midnight(self.since, zone) if self.since else None,
            until=_midnight(self.until + timedelta(days=1), zone) if self.until else None,
        )


@bp.get("/teaching/quizzes/<slug>/numbers")
@requires(QUIZ_EDIT)
def numbers(slug: str) -> ResponseReturnValue:
    """Show the numbers of a quiz; `since`, `until` and `topic` narrow them down."""
    quiz, filters = own_quiz(slug), _filters()
    given: dict[str, Any] = {name: asked(name) for name in FILTERS if asked(name)}
    zone, session = zone_of(quiz), reading()
    return render_template(
        "quizzes/numbers.html",
        quiz=quiz,
        filters=filters,
        topics=queries.topics_of(session, quiz.id),
        counts=_counts(quiz, filters),
        months=statistics.by_month(session, quiz.id, filters.span(zone), zone),
        people=_passed(quiz, filters),
        counts_url=url_for(".numbers_csv", slug=quiz.slug, **given),
        people_url=url_for(".passed_csv", slug=quiz.slug, **given),
        zone=zone,
        language=language(),
    )


@bp.get("/teaching/quizzes/<slug>/numbers.csv")
@requires(QUIZ_EDIT)
def numbers_csv(slug: str) -> Response:
    """Answer with the questions and how often each version failed."""
    quiz = own_quiz(slug)
    rows = (
        (
            one.slug,
            one.topic,
            str(one.number),
            "yes" if one.current and not one.retired else "no",
            str(one.asked_count),
            str(one.wrong_count),
            str(one.wrong_percent),
        )
        for one in _counts(quiz, _filters())
    )
    columns = ["question", "topic", "version", "in_force", "asked", "wrong", "wrong_percent"]
    return csv_answer(f"{quiz.slug}-questions", columns, rows)


@bp.get("/teaching/quizzes/<slug>/passed.csv")
@requires(QUIZ_EDIT)
def passed_csv(slug: str) -> Response:
    """Answer with who passed, when and how well."""
    quiz = own_quiz(slug)
    rows = (
        (one.name, one.passed_at.isoformat(), str(one.score), str(one.attempt_count))
        for one in _passed(quiz, _filters())
    )
    return csv_answer(f"{quiz.slug}-passed", ["name", "passed_at", "score", "attempts"], rows)


def _counts(quiz: QuizView, filters: Filters) -> list[QuestionCount]:
    span = filters.span(zone_of(quiz))
    return statistics.of_questions(reading(), quiz.id, span, topic=filters.topic)


def _passed(quiz: QuizView, filters: Filters) -> list[Passed]:
    """Return who passed; of a machine type's quiz the members of the actor's sites only."""
    sites = None if quiz.site_id else current_actor().sites_where(Permission.PERSON_SEE)
    span = filters.span(zone_of(quiz))
    return statistics.who_passed(reading(), quiz.id, span, sites=sites)


def _filters() -> Filters:
    return Filters(_day("since"), _day("until"), asked("topic"))


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None  # noqa: PLR2004 - days one can reckon with


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time(), tzinfo=zone)
