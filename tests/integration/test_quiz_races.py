"""Two tabs begin, or hand in, at the same moment: there is one attempt, graded once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from labops.domain.people.merging import merge
from labops.domain.quizzes import attempts, editing, files, queries, services
from labops.domain.quizzes.editing import DescribeQuiz
from labops.domain.quizzes.models import QuizAnswer, QuizAttempt
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import SYSTEM
from tests.support.quizzes import BANK
from tests.support.threads import at_once
from tests.support.world import NOW, World

ROUNDS = 5


@pytest.fixture
def slug(world: World) -> str:
    new = DescribeQuiz(
        title_it="A", title_en="A", question_count=3, attempts_allowed=0, cooldown_minutes=0
    )
    name = editing.create(new, actor=SYSTEM, now=NOW, site_id=world.sites["mhuma"])
    files.import_bank(name, BANK, actor=SYSTEM, now=NOW)
    editing.publish(name, shown=True, actor=SYSTEM, now=NOW)
    return name


def count(table: type, *conditions: object) -> int:
    query = select(func.count()).select_from(table).where(*conditions)  # type: ignore[arg-type]
    return reading().scalar(query) or 0


def test_two_tabs_begin_and_hand_in_once(app: Flask, world: World, slug: str) -> None:
    alice = world.actor("alice")
    for round_ in range(1, ROUNDS + 1):
        now = NOW + timedelta(hours=round_)
        begun = at_once(app, *[lambda now=now: services.start(slug, actor=alice, now=now)] * 4)
        assert begun == ["done"] * 4
        assert count(QuizAttempt) == round_
        assert count(QuizAnswer) == 3 * round_
        attempt = attempts.own_open(reading(), slug, actor=alice)
        right = {one.position: one.content.right for one in attempt.questions}
        done = at_once(
            app,
            *[
                lambda uid=attempt.uid, now=now, right=right: services.submit(
                    uid, right, actor=alice, now=now
                )
            ]
            * 4,
        )
        assert sorted(done) == ["Refused", "Refused", "Refused", "done"]
        assert count(OutboxMessage, OutboxMessage.kind == "QuizPassed") == round_
        assert count(AuditEntry, AuditEntry.action == "quiz.passed") == round_


def test_a_late_answer_changes_nothing_that_was_graded(app: Flask, world: World, slug: str) -> None:
    alice = world.actor("alice")
    for round_ in range(1, ROUNDS + 1):
        now = NOW + timedelta(hours=round_)
        uid = services.start(slug, actor=alice, now=now)
        attempt = attempts.own_open(reading(), slug, actor=alice)
        right = {one.position: one.content.right for one in attempt.questions}
        wrong = {1: {0, 1} - attempt.questions[0].content.right}
        at_once(
            app,
            lambda uid=uid, now=now, right=right: services.submit(uid, right, actor=alice, now=now),
            lambda uid=uid, wrong=wrong: services.keep_answers(uid, wrong, actor=alice),
        )
        result = attempts.own_result(reading(), slug, uid, actor=alice)
        assert (result.passed, result.score) == (True, 100)
        assert all(one.correct and one.chosen == one.content.right for one in result.questions)


def test_the_database_itself_refuses_a_second_open_attempt(world: World, slug: str) -> None:
    services.start(slug, actor=world.actor("alice"), now=NOW)
    with pytest.raises(IntegrityError), unit_of_work() as session:
        row = session.execute(select(QuizAttempt.__table__)).mappings().one()
        again = {key: value for key, value in row.items() if key not in {"id", "uid"}}
        session.execute(insert(QuizAttempt).values(uid="f" * 32, **again))


def test_of_two_accounts_merged_one_open_attempt_stays_and_passes_count(
    world: World, slug: str
) -> None:
    alice, charlie = world.actor("alice"), world.actor("charlie")
    passed = services.start(slug, actor=charlie, now=NOW)
    asked = attempts.own_open(reading(), slug, actor=charlie).questions
    right = {one.position: one.content.right for one in asked}
    services.submit(passed, right, actor=charlie, now=NOW)
    services.start(slug, actor=charlie, now=NOW)
    mine = services.start(slug, actor=alice, now=NOW)
    name = world.uids["charlie"]
    merge(world.uids["alice"], name, typed_name="Charlie", actor=world.actor("eva"), now=NOW)
    assert attempts.own_open(reading(), slug, actor=alice).uid == mine
    assert attempts.own_result(reading(), slug, passed, actor=alice).passed
    quiz = queries.by_slug(reading(), slug)
    assert queries.passed_at(reading(), world.people["alice"], quiz.id) == NOW
    assert count(QuizAnswer) == 6
