"""The demonstration's quizzes: one about working safely, one about lasers, and how people fared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from labops.domain.people import queries as people
from labops.domain.quizzes import attempts, editing, files, queries, services
from labops.domain.quizzes.editing import DescribeQuiz
from labops.domain.sites.queries import by_slug
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM, Actor

DATA = Path(__file__).parent / "demo_data"
SAFETY = DescribeQuiz(
    title_it="Lavorare in sicurezza",
    title_en="Working safely",
    intro_it="Per tutti, prima di prenotare. **Nessuna fretta**: puoi fermarti e tornare.",
    intro_en="For everybody, before the first booking. **No hurry**: you can stop and come back.",
    question_count=8,
    pass_percent=75,
    valid_days=730,
)
LASER = DescribeQuiz(
    title_it="Taglio laser",
    title_en="Laser cutting",
    intro_it="Materiali, fuoco e raggio. Il corso di abilitazione resta necessario.",
    intro_en="Materials, fire and the beam. The induction remains necessary.",
    question_count=9,
    pass_percent=80,
    cooldown_minutes=24 * 60,
    valid_days=365,
)


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt: who, how many days ago, and the places of questions answered wrong."""

    email: str
    days_ago: int
    wrong: Sequence[int] = ()


SAFETY_TRIES = (
    Try("maker@example.org", 60, (2,)),
    Try("paolo@example.org", 45, (1, 3, 5)),
    Try("paolo@example.org", 44, (5,)),
    Try("rosa@example.org", 30),
    Try("sofia@example.org", 21, (4, 8)),
    Try("tomas@example.org", 12, (1, 2, 6, 7)),
    Try("wei@example.org", 5, (3,)),
)
LASER_TRIES = (
    Try("maker@example.org", 58, (1,)),
    Try("rosa@example.org", 25, (2, 5, 9)),
    Try("rosa@example.org", 23, (9,)),
    Try("wei@example.org", 3, (1, 4)),
)


def fill(*, now: datetime) -> None:
    """Write both quizzes and let people try them; begun before, nothing is done twice."""
    known = {quiz.title_en for quiz in queries.listed(reading())}
    site_id = by_slug(reading(), "mhuma").id
    for described, name, site, kind, tries in (
        (SAFETY, "quiz-safety", site_id, "", SAFETY_TRIES),
        (LASER, "quiz-laser", None, "laser", LASER_TRIES),
    ):
        if described.title_en in known:
            continue
        written = now - timedelta(days=90)
        slug = editing.create(described, actor=SYSTEM, now=written, site_id=site, machine_type=kind)
        text = (DATA / f"{name}.toml").read_text(encoding="utf-8")
        files.import_bank(slug, text, actor=SYSTEM, now=written)
        editing.publish(slug, shown=True, actor=SYSTEM, now=written)
        for one in tries:
            _take(slug, one, now - timedelta(days=one.days_ago))


def _take(slug: str, one: Try, at: datetime) -> None:
    account = people.account_by_email(reading(), one.email)
    assert account is not None  # noqa: S101 - it was made a moment ago
    actor: Actor = people.actor_of(reading(), account.person_id, now=at)
    uid = services.start(slug, actor=actor, now=at)
    choices = {}
    for asked in attempts.own_open(reading(), slug, actor=actor).questions:
        right = asked.content.right
        false = [place for place in asked.order if place not in right]
        choices[asked.position] = false[:1] if asked.position in one.wrong else sorted(right)
    services.submit(uid, choices, actor=actor, now=at + timedelta(minutes=9))
