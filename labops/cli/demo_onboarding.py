"""The demonstration's steps to membership, and two people on their way."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from labops.domain.onboarding import queries, services
from labops.domain.onboarding.kinds import StepKind
from labops.domain.onboarding.services import NewStep
from labops.domain.people import queries as people
from labops.domain.quizzes import queries as quizzes
from labops.domain.sites.queries import all_sites
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM, Actor

ROME = ZoneInfo("Europe/Rome")
STEPS = (
    NewStep(kind=StepKind.EMAIL),
    NewStep(kind=StepKind.PROFILE),
    NewStep(kind=StepKind.WAIVERS),
    NewStep(
        kind=StepKind.IDENTITY,
        note_it="Porta un documento d'identità: lo guardiamo e non ne teniamo copia.",
        note_en="Bring an identity document: we look at it and keep no copy.",
    ),
    NewStep(
        kind=StepKind.ORIENTATION,
        note_it="Ogni martedì alle 18 una visita di mezz'ora, senza prenotazione.",
        note_en="Every Tuesday at 18:00, half an hour, no booking needed.",
    ),
)
STUCK_FOR = {"applicant@example.org": timedelta(days=9), "ursula@example.org": timedelta(days=3)}


def fill(*, now: datetime) -> None:
    """Compose the steps of both sites; let one applicant be at the first visit, one at a tick."""
    for site in all_sites(reading()):
        if not queries.steps_of(reading(), site.id):
            for step in [*STEPS, *_quizzes(site.id), NewStep(kind=StepKind.PLAN)]:
                services.add_step(site.id, step, actor=SYSTEM, now=now)
    first = next(site for site in all_sites(reading()) if site.slug == "mhuma")
    for email, ago in STUCK_FOR.items():
        at = now - ago
        actor, uid = _person(email, at)
        services.begin(first.id, today=at.astimezone(ROME).date(), actor=actor, now=at)
        if email.startswith("ursula"):
            (identity,) = (
                step.id
                for step in queries.steps_of(reading(), first.id)
                if step.kind is StepKind.IDENTITY
            )
            staff, _uid = _person("staff@example.org", at)
            services.mark(uid, identity, actor=staff, now=at + timedelta(hours=1))


def _quizzes(site_id: int) -> list[NewStep]:
    """Return a step for each quiz that is the site's own."""
    return [
        NewStep(kind=StepKind.QUIZ, subject=quiz.slug)
        for quiz in quizzes.listed(reading(), only_published=True)
        if quiz.site_id == site_id
    ]


def _person(email: str, now: datetime) -> tuple[Actor, str]:
    account = people.account_by_email(reading(), email)
    assert account is not None  # noqa: S101 - it was made a moment ago
    actor = people.actor_of(reading(), account.person_id, now=now)
    return actor, actor.label.removeprefix("person:")
