"""Where one renews a certification, or gets one: pages that another part may bring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from labops.domain.certifications.skills import Skill
from labops.domain.certifications.states import Renewal
from labops.domain.quizzes.queries import QuizView, listed
from labops.kernel.db import reading


@dataclass(frozen=True, slots=True)
class Way:
    """One way to renew; `url` is empty where there is no page to go to."""

    words: str
    url: str = ""


def inductions_address(slug: str) -> str:
    """Return where the next inductions for a machine type are."""
    return url_for("inductions.index", type=slug)


def ways_to_renew(skills: Iterable[Skill]) -> dict[str, list[Way]]:
    """Return how each skill may be renewed, by its slug, staff last: they always may."""
    quizzes = listed(reading(), only_published=True)
    return {skill.slug: _ways(skill, quizzes) for skill in skills}


def _quiz_address(slug: str, quizzes: Sequence[QuizView]) -> str:
    """Return where the quiz about a machine type is; of several, or none, where all are."""
    about = [quiz for quiz in quizzes if quiz.machine_type == slug]
    if len(about) == 1:
        return url_for("quizzes.show", slug=about[0].slug)
    return url_for("quizzes.index")


def _ways(skill: Skill, quizzes: Sequence[QuizView]) -> list[Way]:
    ways = []
    if Renewal.USE in skill.renewal:
        ways.append(Way(_("Use such a machine in the last 30 days before the end.")))
    if Renewal.QUIZ in skill.renewal:
        ways.append(Way(_("Pass the quiz again."), _quiz_address(skill.slug, quizzes)))
    if Renewal.SESSION in skill.renewal:
        ways.append(Way(_("Take part in an induction again."), inductions_address(skill.slug)))
    ways.append(Way(_("Or ask staff of your site.")))
    return ways
