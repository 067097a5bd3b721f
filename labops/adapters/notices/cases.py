"""Mails about cases: to the lab what the city did, to the city what the lab sent, and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters.case_letters import WRITTEN, letter_of
from labops.adapters.case_words import action_name
from labops.adapters.notices.words import (
    Action,
    Notice,
    Teller,
    Told,
    host_name,
    long_day,
    page_address,
)
from labops.domain.applications import casefile, telling, views
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.policies import REPRESENTATIVE, RULES
from labops.domain.applications.states import Action as Act
from labops.domain.applications.views import EntryView
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import SYSTEM


def _acted(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    try:
        file = casefile.find(reading(), fact["application_uid"], SYSTEM, now=now)
    except NotFound:
        return ()
    number = fact["number"]
    entry = views.chronology(reading(), file)[number - 1]
    told = []
    by_lab = RULES[entry.action].by == REPRESENTATIVE
    officer = telling.officer_name(reading(), file)
    if by_lab or entry.action in WRITTEN:
        words = partial(_to_lab, file, entry, officer)
        told += _for(telling.lab_readers(reading(), file, on=now), words)
    if by_lab and entry.action is not Act.EDIT:
        words = partial(_to_city, file, entry)
        told += _for(telling.city_readers(reading(), file), words)
    return told


def _near(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    try:
        file = casefile.find(reading(), fact["application_uid"], SYSTEM, now=now)
    except NotFound:
        return ()
    due = date.fromisoformat(fact["due_on"])
    if file.due_on != due or (file.case.clock and file.case.clock.stopped_on is not None):
        return ()  # paused, extended or decided meanwhile
    words = partial(_alert, file, due, bool(fact["late"]))
    return _for(telling.city_readers(reading(), file), words)


TELLERS: Mapping[str, Teller] = {"CaseActed": _acted, "CaseTermNear": _near}


def _for(people: Sequence[int], words: Any) -> list[Told]:
    found = (queries.addressee_by_person(reading(), person_id) for person_id in people)
    return [Told(to, words, LetterKind.CASE) for to in found if to is not None]


def _to_lab(file: CaseFile, entry: EntryView, officer: str) -> Notice:
    letter = letter_of(file, entry, officer)
    page = page_address("applications.show", case=file.row.uid)
    if letter is None:
        details = [(_("Protocol"), entry.protocol)] if entry.protocol else []
        return Notice(
            subject=_("Received: %(act)s", act=action_name(entry.action)),
            lead=(
                _("This reached the city from %(lab)s.", lab=file.lab.public_name),
                action_name(entry.action),
            ),
            details=tuple(details),
            action=Action(_("See the file"), page),
            signature=host_name(),
        )
    return Notice(
        subject=letter.subject,
        lead=(letter.to, *letter.body),
        details=((_("Register"), letter.number),) if letter.number else (),
        rest=letter.act,
        action=Action(_("See the file"), page),
        signature=host_name(),
    )


def _to_city(file: CaseFile, entry: EntryView) -> Notice:
    return Notice(
        subject=f"{file.lab.public_name}: {action_name(entry.action)}",
        lead=(_("The lab %(lab)s did this in its case:", lab=file.lab.public_name),),
        details=(
            (_("Act"), action_name(entry.action)),
            (_("Protocol"), entry.protocol or "–"),
        ),
        action=Action(_("See the case"), page_address("review.show", case=file.row.uid)),
        signature=host_name(),
    )


def _alert(file: CaseFile, due: date, late: bool) -> Notice:  # noqa: FBT001 - said by the fact
    lab = file.lab.public_name
    return Notice(
        subject=_("The term of %(lab)s has passed", lab=lab)
        if late
        else _("The term of %(lab)s ends soon", lab=lab),
        lead=(
            _("The last day of the review was %(day)s.", day=long_day(due))
            if late
            else _("The last day of the review is %(day)s.", day=long_day(due)),
        ),
        action=Action(_("See the case"), page_address("review.show", case=file.row.uid)),
        signature=host_name(),
    )
