"""What people are told by mail: one small function for each kind of fact.

A fact may be told twice, or late. So every text is made from how things stand when it is told, a
fact that something newer has overtaken is not told at all, and links are made here, never stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import force_locale

from labops.adapters.letters import Letter
from labops.adapters.notices import accounts, bookings, strikes
from labops.adapters.notices.words import Teller, language_of, letter

_TELLERS: Mapping[str, Teller] = {**accounts.TELLERS, **bookings.TELLERS, **strikes.TELLERS}
# Who stands at the machine needs no mail about it; staff see what is contested on their pages; of
# maintenance those are told whose bookings it moves.
_SILENT = frozenset(
    {
        "BookingCheckedIn",
        "BookingFinished",
        "StrikeContested",
        "MaintenancePlanned",
        "MaintenanceChanged",
        "MaintenanceEnded",
        "MaintenanceCancelled",
    }
)


def is_known(kind: str) -> bool:
    """Say whether this version knows that kind of fact, be it one of which nobody is told."""
    return kind in _TELLERS or kind in _SILENT


def letters_for(kind: str, fact: Mapping[str, Any], *, key: str, now: datetime) -> list[Letter]:
    """Return the letters that tell the fact now; none when it concerns nobody any more.

    `key` is the fact's own; letters made from it again have the same keys.
    """
    teller = _TELLERS.get(kind)
    letters = []
    for told in teller(fact, now) if teller else ():
        with force_locale(language_of(told.to)):
            letters.append(letter(told.words(), told.to, key))
    return letters
