"""What the page of a machine's code asks before and after the use, and keeping what was said."""

from __future__ import annotations

from flask import request

from labops.blueprints.access import current_actor
from labops.domain.stations.queries import StationView
from labops.domain.use_questions import queries, services
from labops.domain.use_questions.queries import QuestionView
from labops.domain.use_questions.states import AskedAt
from labops.domain.visits.states import Act
from labops.kernel import clock
from labops.kernel.db import reading

PREFIX = "answer-"
_MOMENTS = {Act.CHECK_IN: AskedAt.BEFORE, Act.FINISH: AskedAt.AFTER}


def questions_for_act(machine_id: int, *, finishing: bool) -> list[QuestionView]:
    """Return what is asked with the next act at the machine."""
    moment = AskedAt.AFTER if finishing else AskedAt.BEFORE
    return queries.of_machine(reading(), machine_id, moment)


def keep_answers(station: StationView, act: Act, booking_uid: str) -> None:
    """Keep what was typed with an act that was done; nothing typed costs nothing."""
    said = {
        name.removeprefix(PREFIX): text
        for name, text in request.form.items()
        if name.startswith(PREFIX) and text.strip() and "\x00" not in name
    }
    if said and booking_uid and act in _MOMENTS and station.machine is not None:
        services.answer(booking_uid, said, actor=current_actor(), now=clock.now())
