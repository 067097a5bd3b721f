"""What the pages of quizzes share."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, g

from labops.blueprints.access import current_actor
from labops.blueprints.bookings.base import home_zone
from labops.blueprints.sites.base import key
from labops.domain.quizzes import bank, queries
from labops.domain.quizzes.queries import QuizView
from labops.domain.sites.queries import all_sites
from labops.kernel import local_time
from labops.kernel.db import reading

bp = Blueprint("quizzes", __name__)


def found_quiz(slug: str) -> QuizView:
    """Return the quiz; from here on refusals speak of its times. Raises `NotFound`."""
    quiz = queries.by_slug(reading(), key(slug))
    g.zone = zone_of(quiz)
    return quiz


def own_quiz(slug: str) -> QuizView:
    """Return a quiz that the actor may change; raises `NotFound` or `Forbidden`."""
    quiz = found_quiz(slug)
    bank.require_edit(current_actor(), quiz.site_id, of_type=quiz.machine_type_id is not None)
    return quiz


def zone_of(quiz: QuizView) -> ZoneInfo:
    """Return the zone of the quiz's site, or else of the reader's, or of the first."""
    if quiz.zone:
        return local_time.zone(quiz.zone)
    return common_zone()


def common_zone() -> ZoneInfo:
    """Return the zone of the reader's site, or of the first."""
    zone = home_zone(current_actor())
    if zone is not None:
        return zone
    return local_time.zone(next((site.zone for site in all_sites(reading())), "Europe/Rome"))
