"""Mails about inductions, to those who signed up. Only how things stand now is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from labops.adapters.ical import FeedEvent
from labops.adapters.notices.calendar_parts import InductionInvitation
from labops.adapters.notices.induction_words import (
    Part,
    give_up_in_time,
    given_back,
    language,
    notice,
    others,
    title,
)
from labops.adapters.notices.words import Action, Notice, Teller, Told, page_address, short_slot
from labops.domain.calendars.inductions import title_of
from labops.domain.inductions import queries
from labops.domain.inductions.events import InductionReminderDue
from labops.domain.inductions.queries import SignUpView
from labops.domain.inductions.states import Cause, SessionState, SignUpState
from labops.domain.inductions.views import SessionView
from labops.domain.notifications import queries as notifications
from labops.domain.notifications.kinds import LetterKind
from labops.kernel.db import reading
from labops.kernel.errors import NotFound

IN_IT = frozenset({SignUpState.SIGNED_UP, SignUpState.WAITING})


Words = Callable[[Part], Notice]


def _of_person(
    words: Words,
    states: frozenset[SignUpState],
    kind: LetterKind,
    fact: Mapping[str, Any],
    now: datetime,
) -> Sequence[Told]:
    """Tell the person of the fact, unless something newer happened to her sign-up."""
    induction = _session(fact)
    if induction is None or induction.state == SessionState.CANCELLED:
        return ()
    found = [
        one
        for one in queries.attendance(reading(), induction.id)
        if one.person_id == fact["person_id"]
        and one.revision == fact["revision"]
        and one.state in states
    ]
    return _told(induction, found, words, kind, now)


def _of_all(
    words: Words, state: SessionState, fact: Mapping[str, Any], now: datetime
) -> Sequence[Told]:
    """Tell everybody who is in the session, unless it was changed again."""
    induction = _session(fact)
    if induction is None or induction.revision != fact["revision"] or induction.state != state:
        return ()
    found = [one for one in queries.attendance(reading(), induction.id) if one.state in IN_IT]
    return _told(induction, found, words, LetterKind.BOOKING_BY_OTHERS, now)


def _reminder_due(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    induction = _session(fact)
    if induction is None or induction.state != SessionState.PLANNED or induction.starts_at <= now:
        return ()
    found = [
        one
        for one in queries.attendance(reading(), induction.id)
        if one.person_id == fact["person_id"]
        and one.revision + induction.revision == fact["revision"]
        and one.state == SignUpState.SIGNED_UP
    ]
    return [
        Told(told.to, told.words, told.kind)  # the calendar has it already
        for told in _told(induction, found, _reminder, LetterKind.REMINDER, now)
    ]


def _session(fact: Mapping[str, Any]) -> SessionView | None:
    try:
        return queries.one(reading(), fact["session_uid"])
    except NotFound:
        return None


def _told(
    induction: SessionView,
    sign_ups: Sequence[SignUpView],
    words: Words,
    kind: LetterKind,
    now: datetime,
) -> list[Told]:
    told = []
    for sign_up in sign_ups:
        to = notifications.addressee_by_person(reading(), sign_up.person_id)
        if to is None:
            continue
        part = Part(induction, sign_up, now)
        told.append(Told(to, partial(words, part), kind, _invitation(part, to.language)))
    return told


def _invitation(part: Part, language: str) -> InductionInvitation | None:
    """Return what the reader's calendar is to do: who waits has nothing to put there yet."""
    induction, sign_up = part.induction, part.sign_up
    known = sign_up.invited_sequence is not None
    gone = induction.state == SessionState.CANCELLED or sign_up.state == SignUpState.CANCELLED
    if not gone and sign_up.state != SignUpState.SIGNED_UP:
        return None
    root = current_app.config["LABOPS"].public_url
    place = (induction.space, induction.site_name, induction.site_address)
    event = FeedEvent(
        uid=f"i-{induction.uid}",
        sequence=induction.sequence,
        created_at=induction.created_at,
        revised_at=induction.revised_at,
        starts_at=induction.starts_at,
        ends_at=induction.ends_at,
        state="cancelled" if gone else "confirmed",
        summary=title_of(induction, language),
        location=", ".join(one for one in place if one),
        description=induction.note,
        url=f"{root}/inductions/{induction.uid}",
    )
    return InductionInvitation(
        event=event, organizer=induction.site_name, sign_up_id=sign_up.id, known=known
    )


def _signed_up(part: Part) -> Notice:
    if part.sign_up.state == SignUpState.WAITING:
        return notice(
            part,
            subject=_("Waiting list: %(what)s", what=title(part.induction)),
            lead=_("Every place is taken, and you are on the waiting list."),
            rest=(_("If a place comes free, you move up by yourself and we write to you."),),
        )
    return notice(
        part,
        subject=_("Induction: %(what)s", what=title(part.induction)),
        lead=_("You have a place in this induction."),
        rest=give_up_in_time(part),
    )


def _moved_up(part: Part) -> Notice:
    return notice(
        part,
        subject=_("You have a place: %(what)s", what=title(part.induction)),
        lead=_("A place came free, and it is yours."),
        rest=(_("If you cannot come any more, give it up, so that the next one gets it."),),
    )


def _given_up(part: Part) -> Notice:
    rest = (_("You gave up your place late: it was decided already that it takes place."),)
    return notice(
        part,
        subject=_("Given up: %(what)s", what=title(part.induction)),
        lead=_("You are not in this induction any more."),
        rest=(*(rest if part.sign_up.late else ()), *given_back(part)),
        action=others(part.induction),
    )


def _changed(part: Part) -> Notice:
    return notice(
        part,
        subject=_("Induction changed: %(what)s", what=title(part.induction)),
        lead=_("The staff changed this induction. This is how it stands now."),
        rest=give_up_in_time(part),
    )


def _cancelled(part: Part) -> Notice:
    induction = part.induction
    lead = _("The staff cancelled this induction.")
    if induction.cancelled_for == Cause.TOO_FEW:
        lead = _("This induction does not take place: too few people signed up.")
    reason = ((_("Reason"), induction.reason),) if induction.reason else ()
    following = queries.next_free(reading(), induction.type_slug, now=part.now)
    named = [
        _(
            "%(when)s at %(site)s",
            when=short_slot(one.starts_at, one.ends_at, one.zone),
            site=one.site_name,
        )
        for one in following
    ]
    rest = (_("The next ones with free places: %(list)s.", list="; ".join(named)),)
    return notice(
        part,
        subject=_("Induction cancelled: %(what)s", what=title(induction)),
        lead=lead,
        more=reason,
        rest=(*(rest if named else (_("No other one is planned yet."),)), *given_back(part)),
        action=others(induction),
    )


def _reminder(part: Part) -> Notice:
    return notice(
        part,
        subject=_("Reminder: %(what)s", what=title(part.induction)),
        lead=_("Your induction begins soon."),
    )


def _passed(part: Part) -> Notice:
    induction = part.induction
    return notice(
        part,
        subject=_("Certified: %(what)s", what=induction.type_name(language())),
        lead=_("You passed the induction, and you are certified now."),
        action=Action(
            _("Look at the machines"), page_address("machines.index", site=induction.site_slug)
        ),
    )


def _not_passed(part: Part) -> Notice:
    lead = _("You were not there, says the attendance list.")
    if part.sign_up.state == SignUpState.AGAIN:
        lead = _("You are not certified yet: come again to another session.")
    return notice(
        part,
        subject=_("After the induction: %(what)s", what=title(part.induction)),
        lead=lead,
        rest=(_("If that is wrong, tell the staff, so that they can put it right."),),
        action=others(part.induction),
    )


_OWN, _BY_OTHERS = LetterKind.BOOKING, LetterKind.BOOKING_BY_OTHERS
_UP = frozenset({SignUpState.SIGNED_UP})
TELLERS: Mapping[str, Teller] = {
    "InductionSignedUp": partial(_of_person, _signed_up, IN_IT, _OWN),
    "InductionMovedUp": partial(_of_person, _moved_up, _UP, _BY_OTHERS),
    "InductionGivenUp": partial(_of_person, _given_up, frozenset({SignUpState.CANCELLED}), _OWN),
    "InductionChanged": partial(_of_all, _changed, SessionState.PLANNED),
    "InductionCancelled": partial(_of_all, _cancelled, SessionState.CANCELLED),
    "InductionPassed": partial(_of_person, _passed, frozenset({SignUpState.CERTIFIED}), _BY_OTHERS),
    "InductionNotPassed": partial(
        _of_person,
        _not_passed,
        frozenset({SignUpState.AGAIN, SignUpState.ABSENT}),
        _BY_OTHERS,
    ),
    InductionReminderDue.kind: _reminder_due,
}
