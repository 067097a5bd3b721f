"""Quizzes on pages: writing a bank, taking it, what is kept, refused, shown and counted."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select

from labops.domain.quizzes import files, queries
from labops.domain.quizzes.models import QuizAnswer, QuizAttempt, QuizQuestionVersion
from labops.kernel import clock
from labops.kernel.db import reading, unit_of_work
from labops.kernel.outbox import OutboxMessage
from tests.support.forms import post
from tests.support.pictures import picture
from tests.support.quizzes import attempt_on, make_quiz, take_quiz
from tests.support.world import World

EDIT = "/teaching/quizzes/safety"


@pytest.fixture
def quiz(world: World) -> int:
    """Let MHUMA have a quiz of four questions, of which three are drawn."""
    return make_quiz(world)


def test_taking_a_quiz_to_its_end(app: Flask, world: World, quiz: int) -> None:
    alice = world.browser(app, "alice")
    assert "Safety" in alice.get("/quizzes").text
    assert "<em>this</em>" in alice.get("/quizzes/safety").text
    result = take_quiz(alice)
    page = alice.get(result).text
    assert "Passed: 100%" in page
    assert "Because" in page
    assert "right, chosen" in page
    listed = alice.get("/quizzes").text
    assert "Passed on" in listed
    assert "Counts until" in listed
    kinds = reading().scalars(select(OutboxMessage).where(OutboxMessage.kind == "QuizPassed")).all()
    (fact,) = (one.payload for one in kinds)
    assert (fact["person_id"], fact["quiz_id"], fact["machine_type_id"], fact["score"]) == (
        world.people["alice"],
        quiz,
        0,
        100,
    )
    assert queries.passed_at(reading(), world.people["alice"], quiz) is not None
    assert queries.passed_at(reading(), world.people["bob"], quiz) is None
    # Nobody else sees how it went.
    assert world.browser(app, "charlie").get(result).status_code == 404
    assert world.browser(app, "bob").get(result).status_code == 404


def test_stopping_and_coming_back(app: Flask, world: World, quiz: int) -> None:
    alice = world.browser(app, "alice")
    post(alice, "/quizzes/safety", "/quizzes/safety")
    url = "/quizzes/safety/questions/1"
    page = alice.get(url).text
    assert "Because" not in page  # explanations only afterwards
    (choice, *_rest) = re.findall(r'id="choice-(\d+)"', page)
    data = {"attempt": attempt_on(page), "choice": choice, "act": "stop"}
    assert post(alice, url, url, data).location.endswith("/quizzes/safety")
    again = world.browser(app, "alice")
    assert "Go on where you stopped" in again.get("/quizzes/safety").text
    went_on = post(again, "/quizzes/safety", "/quizzes/safety")
    assert went_on.location.endswith("/questions/2")
    assert re.search(rf'value="{choice}" checked', again.get(url).text)
    # Left out questions are named, and nothing is graded.
    review = "/quizzes/safety/review"
    refused = post(again, review, review, {"attempt": attempt_on(page)})
    assert refused.status_code == 409
    assert "2, 3" in refused.text
    # What was not offered is refused, and what was kept stays.
    for wrong in ("7", "x", "-1", "9" * 30):
        bad = post(again, url, url, {"attempt": attempt_on(page), "choice": wrong})
        assert bad.status_code == 422, wrong
    two = post(again, url, url, {"attempt": attempt_on(page), "choice": ["0", "1"]})
    assert two.status_code == 422
    assert re.search(rf'value="{choice}" checked', again.get(url).text)


def test_failing_waiting_and_running_out(app: Flask, world: World, quiz: int) -> None:
    alice = world.browser(app, "alice")
    page = alice.get("/quizzes/safety").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    assert "Not passed: 33%" in alice.get(take_quiz(alice, wrong=2)).text
    waiting = alice.post("/quizzes/safety", data={"csrf_token": token.group(1)})
    assert waiting.status_code == 409
    assert "you may try again on" in waiting.text
    later = clock.now() - timedelta(hours=2)
    shift(later)
    take_quiz(alice, wrong=2)
    shift(later)
    gone = alice.post("/quizzes/safety", data={"csrf_token": token.group(1)})
    assert gone.status_code == 409
    assert "2 attempts are allowed within 7 days" in gone.text


def shift(to: object) -> None:
    """Let every attempt lie in the past."""
    with unit_of_work() as session:
        for row in session.scalars(select(QuizAttempt)):
            row.started_at = row.submitted_at = to  # type: ignore[assignment]


def test_writing_a_quiz_from_nothing(app: Flask, world: World) -> None:
    bob = world.browser(app, "bob")
    form = {
        "about": "type:laser",
        "title_it": "Laser",
        "title_en": "Laser",
        "question_count": "1",
        "pass_percent": "101",
        "attempts_allowed": "0",
        "period_days": "7",
        "cooldown_minutes": "0",
        "valid_days": "0",
    }
    new = "/teaching/quizzes/new"
    wrong = post(bob, new, new, form)
    assert wrong.status_code == 422
    assert "between 1 and 100" in wrong.text
    form["pass_percent"] = "100"
    assert post(bob, new, new, form).location.endswith("/teaching/quizzes/laser")
    edit = "/teaching/quizzes/laser"
    refused = post(bob, edit, f"{edit}/shown", {"shown": "yes"})
    assert refused.status_code == 409
    assert "lacks one question" in refused.text
    question = {
        "kind": "single",
        "text_it": "<script>alert(1)</script> Occhiali?",
        "text_en": "Glasses?",
        "it-0": "sì",
        "en-0": "yes",
        "it-1": "no",
        "en-1": "no",
    }
    page = f"{edit}/questions/new"
    unmarked = post(bob, page, page, question)
    assert unmarked.status_code == 422
    assert "Mark which answer is right" in unmarked.text
    assert 'value="sì"' in unmarked.text
    question["right"] = "0"
    look = post(bob, page, page, {**question, "act": "preview"})
    assert look.status_code == 200
    assert "<script>alert" not in look.text
    assert post(bob, page, page, question).status_code == 303
    assert post(bob, edit, f"{edit}/shown", {"shown": "yes"}).status_code == 303
    # What people are shown must stay possible to draw.
    assert (
        post(bob, edit, f"{edit}/questions/glasses/retired", {"retired": "yes"}).status_code == 409
    )
    # Alice writes nothing, and Dora teaches at another site: a machine type's quiz is hers, too.
    assert world.browser(app, "alice").get(edit).status_code == 403
    assert world.browser(app, "dora").get(edit).status_code == 200


def test_a_site_s_quiz_is_its_own(app: Flask, world: World, quiz: int) -> None:
    dora = world.browser(app, "dora")
    for path in ("", "/numbers", "/numbers.csv", "/passed.csv", "/import", "/bank.toml"):
        assert dora.get(EDIT + path).status_code == 403, path
    assert "Safety" not in dora.get("/teaching/quizzes").text


def test_pictures_are_written_anew_and_kept(app: Flask, world: World, quiz: int) -> None:
    bob = world.browser(app, "bob")
    page = f"{EDIT}/questions/q1"
    data = {"act": "picture", "kind": "single", "text_it": "A", "text_en": "B"}
    named = {"photo": (BytesIO(picture()), "a.jpg")}
    unsaid = post(bob, page, page, {**data, **named})
    assert unsaid.status_code == 422
    assert "for those who cannot see it" in unsaid.text
    named = {"photo": (BytesIO(picture()), "a.jpg"), "alt_it": "Un laser", "alt_en": "A laser"}
    put = post(bob, page, page, {**data, **named})
    assert put.status_code == 200
    found = re.search(r"!\[A laser\]\((/photos/[0-9a-f]{32}-large\.webp)\)", put.text)
    assert found
    assert bob.get(found.group(1)).mimetype == "image/webp"
    broken = {"photo": (BytesIO(b"nonsense"), "a.jpg"), "alt_it": "x", "alt_en": "x"}
    assert post(bob, page, page, {**data, **broken}).status_code == 422


def test_new_words_are_a_new_version_and_old_attempts_keep_theirs(
    app: Flask, world: World, quiz: int
) -> None:
    alice, bob = world.browser(app, "alice"), world.browser(app, "bob")
    result = take_quiz(alice, wrong=1)
    before = alice.get(result).text.partition("<main")[2]
    text = files.written(reading(), quiz)
    changed = text.replace("Question", "Query").replace("Because", "Since")
    url = f"{EDIT}/import"
    dry = post(bob, url, url, {"text": changed, "act": "check"})
    assert "Changed: 4." in dry.text
    assert files.written(reading(), quiz) == text
    assert post(bob, url, url, {"text": changed, "act": "import"}).status_code == 303
    reading().rollback()
    assert files.written(reading(), quiz) == changed
    after = alice.get(result).text.partition("<main")[2]
    assert "Because" in after
    assert "Since" not in after
    assert before == after
    assert len(reading().scalars(select(QuizQuestionVersion)).all()) == 8
    asked = reading().execute(
        select(QuizAnswer.digest, QuizQuestionVersion.digest).join(
            QuizQuestionVersion, QuizQuestionVersion.id == QuizAnswer.version_id
        )
    )
    assert all(kept == now for kept, now in asked)
    # The numbers know both versions.
    page = bob.get(f"{EDIT}/numbers").text
    assert "3 versions were asked" in page
    assert "old words" in page
    rows = bob.get(f"{EDIT}/numbers.csv").text.splitlines()
    assert len(rows) == 4
    assert sum(int(row.split(",")[5]) for row in rows[1:]) == 1
    assert rows[1].endswith(",1,1,100")  # what fails most stands first
    assert "Alice" in bob.get(f"{EDIT}/passed.csv").text
    assert "Alice" not in bob.get(f"{EDIT}/passed.csv?until=2020-01-01").text
    assert bob.get(f"{EDIT}/numbers?since=x&topic=fire").status_code == 200


def test_every_error_of_a_file_is_listed_and_nothing_is_imported(
    app: Flask, world: World, quiz: int
) -> None:
    bob, url = world.browser(app, "bob"), f"{EDIT}/import"
    before = files.written(reading(), quiz)
    bad = """
colour = 1
[[questions]]
slug = "Q 9"
kind = "guess"
[[questions]]
slug = "q8"
topic = "water"
text_it = 3
[[questions]]
slug = "q7"
text_it = "a"
text_en = "b"
options = [ { it = "x", en = "y" }, { it = "x", en = "z", right = true } ]
"""
    answer = post(bob, url, url, {"text": bad, "act": "import"})
    assert answer.status_code == 422
    found = re.findall(r"<code>([^<]*)</code></td><td[^>]*><code>(\w*)</code>", answer.text)
    assert set(found) == {
        ("–", "colour"),
        ("questions[1]", "slug"),
        ("questions[1]", "kind"),
        ("questions[1]", "text_it"),
        ("questions[1]", "text_en"),
        ("questions[1]", "options"),
        ("questions[2]", "text_it"),
        ("questions[2]", "text_en"),
        ("questions[2]", "options"),
        ("questions[2]", "topic"),
        ("questions[3]", "options"),
        ("questions[3].options[2]", "right"),
    }
    reading().rollback()
    assert files.written(reading(), quiz) == before
    assert post(bob, url, url, {"text": "a = [", "act": "check"}).status_code == 422
