"""A quiz of four questions, of which three are drawn; each answer begins with yes or no."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from labops.domain.quizzes import editing, files, queries
from labops.domain.quizzes.editing import DescribeQuiz
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM
from tests.support.forms import post
from tests.support.world import World

BANK = '[[topics]]\nslug = "fire"\nname_it = "Fuoco"\nname_en = "Fire"\nminimum = 1\n' + "".join(
    f"""
[[questions]]
slug = "q{n}"
{'topic = "fire"' if n == 1 else ""}
text_it = "Domanda **{n}**?"
text_en = "Question **{n}**?"
explanation_en = "Because {n}."
options = [
  {{ it = "sì {n}", en = "yes {n}", correct = true }},
  {{ it = "no {n}", en = "no {n}" }},
]
"""
    for n in range(1, 5)
)


def make_quiz(world: World) -> int:
    new = DescribeQuiz(
        title_it="Sicurezza",
        title_en="Safety",
        intro_en="Read *this*.",
        question_count=3,
        pass_percent=60,
        attempts_allowed=2,
        valid_days=30,
    )
    slug = editing.create(new, actor=SYSTEM, now=clock.now(), site_id=world.sites["mhuma"])
    files.import_bank(slug, BANK, actor=SYSTEM, now=clock.now())
    editing.publish(slug, shown=True, actor=SYSTEM, now=clock.now())
    return queries.by_slug(reading(), slug).id


def take_quiz(browser: FlaskClient, wrong: int = 0) -> str:
    """Answer the whole quiz, the first `wrong` questions wrong, and return the result's address."""
    assert post(browser, "/quizzes/safety", "/quizzes/safety").status_code == 303
    for number in range(1, 4):
        url = f"/quizzes/safety/questions/{number}"
        page = browser.get(url).text
        labels = dict(re.findall(r'<label for="choice-(\d+)">(\w+)', page))
        wanted = {"no"} if number <= wrong else {"yes", "sì"}
        choice = next(place for place, word in labels.items() if word in wanted)
        answer = post(browser, url, url, {"attempt": attempt_on(page), "choice": choice})
        assert answer.status_code == 303
    url = "/quizzes/safety/review"
    done = post(browser, url, url, {"attempt": attempt_on(browser.get(url).text)})
    assert done.status_code == 303
    return done.location


def attempt_on(page: str) -> str:
    """Return the attempt that a page of questions is about."""
    found = re.search(r'name="attempt" value="(\w+)"', page)
    assert found
    return found.group(1)
