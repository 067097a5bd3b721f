"""Mails about certifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters.notices.words import (
    Action,
    Notice,
    Teller,
    host_name,
    long_day,
    page_address,
    reader_language,
)
from labops.adapters.notices.words import Told as ToldTo
from labops.domain.certifications import telling
from labops.domain.certifications.queries import local_today
from labops.domain.certifications.states import EarnedBy, Renewal
from labops.domain.certifications.telling import Told
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.kernel.db import reading


def _granted(fact: Mapping[str, Any], _now: datetime) -> Sequence[ToldTo]:
    told = telling.certification(reading(), fact["certification_id"])
    if told is None or told.over:
        return ()
    return _to(told, partial(_granted_words, told), LetterKind.CERTIFICATION)


def _revoked(fact: Mapping[str, Any], _now: datetime) -> Sequence[ToldTo]:
    told = telling.certification(reading(), fact["certification_id"])
    if told is None or not told.over:
        return ()
    return _to(told, partial(_revoked_words, told), LetterKind.ACCOUNT)


def _suspended(fact: Mapping[str, Any], _now: datetime) -> Sequence[ToldTo]:
    told = telling.suspension(reading(), fact["suspension_id"])
    if told is None or told.over:
        return ()
    return _to(told, partial(_suspended_words, told), LetterKind.ACCOUNT)


def _resumed(fact: Mapping[str, Any], _now: datetime) -> Sequence[ToldTo]:
    told = telling.suspension(reading(), fact["suspension_id"])
    if told is None:
        return ()
    return _to(told, partial(_resumed_words, told), LetterKind.ACCOUNT)


def _ending(fact: Mapping[str, Any], now: datetime) -> Sequence[ToldTo]:
    told = telling.certification(reading(), fact["certification_id"])
    last_on = date.fromisoformat(fact["last_on"])
    # A use or a renewal since then has moved the end: there is nothing to warn of.
    today = local_today(reading(), now=now)
    if told is None or not telling.is_news(told, last_on, today):
        return ()
    words = partial(_ending_words, told, (last_on - today).days)
    return _to(told, words, LetterKind.CERTIFICATION)


TELLERS: Mapping[str, Teller] = {
    "CertificationEnding": _ending,
    "CertificationGranted": _granted,
    "CertificationResumed": _resumed,
    "CertificationRevoked": _revoked,
    "CertificationSuspended": _suspended,
}


def _to(told: Told, words: partial[Notice], kind: LetterKind) -> Sequence[ToldTo]:
    to = queries.addressee_by_person(reading(), told.person_id)
    return (ToldTo(to, words, kind),) if to else ()


def _granted_words(told: Told) -> Notice:
    name = told.name(reader_language())
    if told.renews:
        subject = _("Certification renewed: %(name)s", name=name)
        lead = _("Your certification for %(name)s goes on.", name=name)
    else:
        subject = _("You are certified: %(name)s", name=name)
        lead = _("You are now certified for %(name)s, at every site.", name=name)
    because = {
        EarnedBy.INDUCTION: _("An induction"),
        EarnedBy.QUIZ: _("A quiz"),
        EarnedBy.USE: _("You used the machine"),
    }.get(told.earned_by, "")
    reason = " · ".join(word for word in (because, told.evidence) if word)
    return Notice(
        subject=subject,
        lead=(lead,),
        details=(
            (_("From"), long_day(told.starts_on)),
            (_("To"), _until(told)),
            *(((_("Earned by"), reason),) if reason else ()),
        ),
        action=_skills(),
        signature=host_name(),
    )


def _revoked_words(told: Told) -> Notice:
    name = told.name(reader_language())
    return Notice(
        subject=_("Certification revoked: %(name)s", name=name),
        lead=(_("Your certification for %(name)s does not count any more.", name=name),),
        details=((_("Reason"), told.reason),),
        action=_skills(),
        rest=(_("You cannot use bookings that need it. Ask staff of the site what to do."),),
        signature=host_name(),
    )


def _suspended_words(told: Told) -> Notice:
    name = told.name(reader_language())
    until = long_day(told.last_on) if told.last_on else _("Until staff say otherwise")
    return Notice(
        subject=_("Certification suspended: %(name)s", name=name),
        lead=(_("Your certification for %(name)s does not count for a while.", name=name),),
        details=(
            (_("From"), long_day(told.starts_on)),
            (_("To"), until),
            (_("Reason"), told.reason),
        ),
        action=_skills(),
        rest=(_("Meanwhile you cannot use bookings that need it."),),
        signature=host_name(),
    )


def _resumed_words(told: Told) -> Notice:
    name = told.name(reader_language())
    return Notice(
        subject=_("Certification no longer suspended: %(name)s", name=name),
        lead=(_("Your certification for %(name)s counts again, if it has not ended.", name=name),),
        details=((_("Reason"), told.reason),),
        action=_skills(),
        signature=host_name(),
    )


def _ending_words(told: Told, days: int) -> Notice:
    name = told.name(reader_language())
    when = ngettext("in a day", "in %(num)d days", days) if days else _("today")
    why = (
        _("It ends because you have not used such a machine for long.")
        if told.by_disuse
        else _("Bookings after that day are refused until you renew it.")
    )
    return Notice(
        subject=_("Your certification for %(name)s ends %(when)s", name=name, when=when),
        lead=(_("Its last day is %(day)s.", day=_until(told)), why),
        action=_way_to_renew(told),
        instead=_skills(),
        rest=(_("How to renew it:"), *(f"– {way}" for way in _ways(told))),
        signature=host_name(),
    )


def _ways(told: Told) -> list[str]:
    ways = []
    if told.by_disuse:
        ways.append(_("Book such a machine and check in to it before that day."))
    elif Renewal.USE in told.ways:
        ways.append(_("Use such a machine in the last 30 days before the end."))
    if Renewal.QUIZ in told.ways:
        ways.append(_("Pass the quiz again."))
    if Renewal.SESSION in told.ways:
        ways.append(_("Take part in an induction again."))
    ways.append(_("Or ask staff of your site."))
    return ways


def _way_to_renew(told: Told) -> Action:
    """Lead to the inductions for that kind of machine."""
    return Action(_("See the next inductions"), page_address("inductions.index", type=told.slug))


def _skills() -> Action:
    return Action(_("See your skills"), page_address("skills.index"))


def _until(told: Told) -> str:
    return long_day(told.last_on) if told.last_on else str(_("no end"))
