"""What pages of a case are given, for the lab and for the city alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import g
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters import case_words
from labops.adapters.case_letters import WRITTEN
from labops.blueprints.access import current_actor
from labops.blueprints.formats import language
from labops.blueprints.messages import sentence_for
from labops.blueprints.sites.base import key
from labops.domain.applications import acting, casefile, views
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.guards import problems_with
from labops.domain.applications.policies import SENDS
from labops.domain.applications.states import Action, Capacity
from labops.domain.applications.views import ClockView
from labops.domain.applications.working_days import ZONE, city_day
from labops.kernel import clock
from labops.kernel.db import reading

# These have pages of their own.
ELSEWHERE = frozenset({Action.EDIT, Action.ASSESS})
# What one seldom wants stands last.
LAST = frozenset({Action.WITHDRAW, Action.LEAVE, Action.NOTE})


@dataclass(frozen=True, slots=True)
class Offered:
    """An act that the state allows; `reasons` are the sentences that stand against it now."""

    action: Action
    name: str
    reasons: tuple[str, ...]


def found_case(case: str) -> CaseFile:
    """Return the case for whoever asks; raises `NotFound`. Refusals speak of the city's time."""
    g.zone = ZONE
    return casefile.find(reading(), key(case), current_actor(), now=clock.now())


def today() -> date:
    """Return the city's day."""
    return city_day(clock.now())


def acts_of(file: CaseFile) -> list[Offered]:
    """Return the acts that whoever opened the case may do in its state."""
    found = []
    actor, now = current_actor(), clock.now()
    for action in sorted(views.possible_in(file), key=lambda each: each in LAST):
        if action in ELSEWHERE:
            continue
        facts = acting.facts_of(reading(), file, action, actor, now=now)
        problems = problems_with(file.case, action, file.capacities, facts)
        reasons = tuple(sentence_for(each, ZONE) for each in problems)
        found.append(Offered(action, case_words.action_name(action), reasons))
    return found


def clock_words(shown: ClockView | None) -> str:
    """Return "day 12 of 30, paused", the same for both sides."""
    if shown is None:
        return ""
    words: str = _("day %(day)s of %(days)s", day=shown.day, days=shown.days)
    if shown.stopped:
        words = _("%(clock)s, decided", clock=words)
    elif shown.paused:
        words = _("%(clock)s, paused", clock=words)
    elif shown.late:
        words = _("%(clock)s, the term has passed", clock=words)
    return words


def left_words(shown: ClockView | None) -> str:
    """Return how many days are left, in words."""
    if shown is None or shown.stopped:
        return ""
    if shown.left < 0:
        return str(ngettext("One day late", "%(num)d days late", -shown.left))
    return str(ngettext("One day left", "%(num)d days left", shown.left))


def common(file: CaseFile) -> dict[str, Any]:
    """Return what every page of a case shows."""
    shown = views.clock_of(file, today())
    return {
        "file": file,
        "case": file.row.uid,
        "state": file.case.state,
        "clock": shown,
        "clock_words": clock_words(shown),
        "left_words": left_words(shown),
        "words": case_words,
        "language": language(),
        "zone": ZONE,
        "is_lab": Capacity.REPRESENTATIVE in file.capacities,
        "with_letter": WRITTEN,
        "with_receipt": SENDS,
    }
