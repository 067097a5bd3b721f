"""What people are told by mail: one small function for each kind of fact.

A fact may be told twice, or late. So every text is made from how things stand when it is told, a
fact that something newer has overtaken is not told at all, and links are made here, never stored.

To tell a new fact, write a teller (`words.Teller`): it takes the event's payload and the moment,
and returns a `Told` for each reader: to whom, what makes the words, which kind of letter it is, and
the booking she is invited to, if any. Name it by the event's kind in its module's `TELLERS`, and
add these below. `bookings.to_owner` does all of that for a letter to a booking's owner.

The kinds of letter are data: labops/domain/notifications/kinds.py says what may be chosen about
each and which are necessary, labels.py how they are called. With these two entries a kind stands on
the page where people choose, and `letters_for` keeps to what they chose: tellers need not ask.

Every letter is a snapshot in both languages, compared by tests/integration/test_notices.py; add a
fact there, then `make accept` writes what is new or changed, for you to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import force_locale

from labops.adapters.letters import Letter
from labops.adapters.notices import (
    accounts,
    bookings,
    cases,
    certifications,
    circulars,
    copies,
    digests,
    erasure,
    firms,
    hand_overs,
    incidents,
    inductions,
    onboarding,
    plans,
    series,
    strikes,
    waiting,
    waivers,
)
from labops.adapters.notices.calendar_parts import calendar_part
from labops.adapters.notices.words import Teller, Told, language_of, letter
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import KINDS, OFF, LetterKind
from labops.domain.visits import events as visits
from labops.kernel.db import reading

TELLERS: Mapping[str, Teller] = {
    **accounts.TELLERS,
    **bookings.TELLERS,
    **cases.TELLERS,
    **circulars.TELLERS,
    **certifications.TELLERS,
    **digests.TELLERS,
    **hand_overs.TELLERS,
    **onboarding.TELLERS,
    **plans.TELLERS,
    **erasure.TELLERS,
    **firms.TELLERS,
    **incidents.TELLERS,
    **inductions.TELLERS,
    **series.TELLERS,
    **strikes.TELLERS,
    **waiting.TELLERS,
    **waivers.TELLERS,
}
# Who stands at the machine, has just called or sees a result needs no mail about it; staff see what
# is contested on their pages; of maintenance those are told whose bookings it moves.
_SILENT = frozenset(
    {
        "BookingCheckedIn",
        "BookingFinished",
        "BookingKept",
        "QuizPassed",
        "StrikeContested",
        "MaintenancePlanned",
        "MaintenanceChanged",
        "MaintenanceEnded",
        "MaintenanceCancelled",
        *erasure.SILENT,
        "InductionPlanned",
        *waiting.SILENT,
        *visits.SILENT,
    }
)


def is_known(kind: str) -> bool:
    """Say whether this version knows that kind of fact, be it one of which nobody is told."""
    return kind in TELLERS or kind in _SILENT


def letters_for(kind: str, fact: Mapping[str, Any], *, key: str, now: datetime) -> list[Letter]:
    """Return the letters that tell the fact now; none when it concerns nobody any more.

    `key` is the fact's own; letters made from it again have the same keys. Who switched that kind
    of letter off gets none. A minor's guardian may get copies of her own.
    """
    if series.tells_of(fact):
        return []
    teller = TELLERS.get(kind)
    written: list[Letter | None] = []
    for told in teller(fact, now) if teller else ():
        written += [_letter(told, key, now), *copies.of(told, key, now)]
    return [one for one in written if one is not None]


def _letter(told: Told, key: str, now: datetime) -> Letter | None:
    choices = queries.choices_of(reading(), told.to.person_id)
    if not KINDS[told.kind].necessary and choices[told.kind] == OFF:
        return None
    with force_locale(language_of(told.to)):
        calendar = None
        if told.invitation is not None:
            choice = choices[LetterKind.INVITATION]
            calendar = calendar_part(told.invitation, told.to, choice, now=now)
        return letter(told, key, calendar)
