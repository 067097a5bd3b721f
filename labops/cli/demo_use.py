"""What the demonstration asks before and after the use of its first laser."""

from __future__ import annotations

from datetime import datetime

from labops.domain.machines.queries import by_slug
from labops.domain.use_questions import queries
from labops.domain.use_questions.services import ask
from labops.domain.use_questions.states import AskedAt
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM

MACHINE = "mhuma-laser-1"
QUESTIONS = (
    (AskedAt.BEFORE, "Quale materiale, quale spessore?", "Which material, how thick?"),
    (AskedAt.AFTER, "Con quali impostazioni?", "With which settings?"),
    (AskedAt.AFTER, "Qualcosa di strano?", "Anything odd?"),
)


def fill(*, now: datetime) -> None:
    """Ask the questions, once."""
    machine = by_slug(reading(), MACHINE)
    if queries.of_machine(reading(), machine.id):
        return
    for asked_at, text_it, text_en in QUESTIONS:
        ask(MACHINE, asked_at, text_it=text_it, text_en=text_en, actor=SYSTEM, now=now)
