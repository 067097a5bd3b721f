"""Letters to many."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters.notices.words import Action, Notice, Teller, Told, language_of, page_address
from labops.domain.circulars import queries
from labops.domain.circulars.events import CIRCULAR_SENT
from labops.domain.circulars.queries import CircularText
from labops.domain.notifications import queries as notifications
from labops.domain.notifications.kinds import LetterKind
from labops.kernel.db import reading

_PARAGRAPHS = re.compile(r"\n\s*\n")


def _circular_sent(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    text = queries.told(reading(), fact["circular_uid"], fact["person_id"])
    to = notifications.addressee_by_person(reading(), fact["person_id"])
    if text is None or to is None:
        return ()
    kind = LetterKind.SERVICE if text.about_service else LetterKind.CIRCULAR
    return (Told(to, partial(_circular, text, language_of(to)), kind),)


TELLERS: Mapping[str, Teller] = {CIRCULAR_SENT: _circular_sent}


def _circular(text: CircularText, language: str) -> Notice:
    written = language if text.subjects[language] else next(filter(text.subjects.get, text.bodies))
    welcome = _(
        "You have no password yet. On this page you get a link by mail with which you choose one:"
    )
    return Notice(
        subject=text.subjects[written],
        lead=(*_PARAGRAPHS.split(text.bodies[written]), *((welcome,) if text.is_new else ())),
        action=Action(_("Choose a password"), page_address("accounts.forgotten"))
        if text.is_new
        else None,
        signature=text.site_name,
        reply_to=text.site_email,
    )
