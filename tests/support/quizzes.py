"""A quiz of four questions, of which three are drawn; each answer begins with yes or no."""

from __future__ import annotations

from labops.domain.quizzes import editing, files, queries
from labops.domain.quizzes.editing import DescribeQuiz
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM
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
