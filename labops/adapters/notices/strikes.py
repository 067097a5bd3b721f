"""Mails about strikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters.notices.words import Action, Notice, Teller, Told, moment, page_address, slot
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.domain.strikes import queries as strikes
from labops.domain.strikes.queries import StrikeView
from labops.kernel.db import reading


def _answered(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    strike = strikes.told(reading(), fact["strike_uid"])
    if strike is None or strike.answered_at is None:
        return ()
    to = queries.addressee_of(reading(), strike.person_uid)
    words = partial(_words, strike, now)
    return (Told(to, words, LetterKind.BOOKING_BY_OTHERS),) if to else ()


def _words(strike: StrikeView, now: datetime) -> Notice:
    if strike.forgiven_at is not None:
        subject, lead = _("Strike forgiven"), _("It does not count any more.")
    else:
        subject, lead = _("The strike stands"), _("The staff looked at it, and it counts.")
    until = strike.suspended_until
    suspended = until is not None and until > now
    return Notice(
        subject=subject,
        lead=(lead,),
        details=(
            (_("What"), ", ".join(strike.machine_names)),
            (_("When"), slot(strike.starts_at, strike.ends_at, strike.zone)),
            *(((_("Reason"), strike.answer_text),) if strike.answer_text else ()),
        ),
        action=Action(_("See your strikes"), page_address("strikes.index")),
        rest=(_("You cannot book before %(when)s.", when=moment(until, strike.zone)),)
        if suspended and until is not None
        else (_("You can book."),),
        signature=strike.site_name,
    )


TELLERS: Mapping[str, Teller] = {"StrikeAnswered": _answered}
