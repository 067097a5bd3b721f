"""Mails about firms: an address to confirm, an invitation, who joined and who left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters import links
from labops.adapters.notices.words import Action, Notice, Teller, Told, host_name, page_address
from labops.domain.firms import queries as firms
from labops.domain.firms.queries import FirmView, InvitationView
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.domain.notifications.queries import Addressee
from labops.kernel.db import reading
from labops.kernel.errors import NotFound


def _mail_given(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    firm = firms.told(reading(), fact["firm_uid"])
    if firm is None or firm.proven:
        return ()
    speaker = next(iter(_speakers(firm.uid)), None)
    language = speaker.language if speaker else "it"
    to = _address(firm.legal_name, firm.email, language)
    return (Told(to, partial(_proof, firm), LetterKind.MEMBERSHIP),)


def _invited(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    try:
        invitation = firms.invitation(reading(), fact["invitation_uid"])
    except NotFound:
        return ()  # taken back or answered meanwhile
    to = _address(invitation.email, invitation.email, invitation.language)
    return (Told(to, partial(_invitation, invitation), LetterKind.MEMBERSHIP),)


def _joined(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    return _to_speakers(fact, partial(_change, joined=True))


def _left(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    told = list(_to_speakers(fact, partial(_change, joined=False)))
    firm = firms.told(reading(), fact["firm_uid"])
    gone = queries.addressee_of(reading(), fact["person_uid"]) if fact["removed"] else None
    if firm is not None and gone is not None:
        told.append(Told(gone, partial(_taken_out, firm), LetterKind.MEMBERSHIP))
    return told


TELLERS: Mapping[str, Teller] = {
    "FirmMailGiven": _mail_given,
    "FirmPersonInvited": _invited,
    "FirmPersonJoined": _joined,
    "FirmPersonLeft": _left,
}


def _to_speakers(fact: Mapping[str, Any], words: Any) -> Sequence[Told]:
    """Tell whoever speaks for the firm, besides the person herself."""
    firm = firms.told(reading(), fact["firm_uid"])
    who = queries.addressee_of(reading(), fact["person_uid"])
    if firm is None or who is None:
        return ()
    return [
        Told(to, partial(words, firm, who.name), LetterKind.MEMBERSHIP)
        for to in _speakers(firm.uid)
        if to.person_id != who.person_id
    ]


def _speakers(firm_uid: str) -> list[Addressee]:
    found = (
        queries.addressee_of(reading(), uid) for uid in firms.representatives(reading(), firm_uid)
    )
    return [one for one in found if one is not None]


def _address(name: str, email: str, language: str) -> Addressee:
    """Return whom to write to who needs no account here."""
    return Addressee(
        account_id=0,
        person_id=0,
        name=name,
        email=email,
        language=language,
        confirmed=False,
        credentials_revision=0,
    )


def _proof(firm: FirmView) -> Notice:
    return Notice(
        subject=_("Confirm the address of %(firm)s", firm=firm.legal_name),
        lead=(
            _(
                "%(firm)s was added at %(host)s with this address. Confirm that it is the firm's.",
                firm=firm.legal_name,
                host=host_name(),
            ),
        ),
        action=Action(_("Confirm the address"), links.firm_mail_link(firm.uid, firm.email)),
        rest=(_("If you do not know this firm, do nothing."),),
        signature=host_name(),
    )


def _invitation(invitation: InvitationView) -> Notice:
    return Notice(
        subject=_("%(firm)s invites you", firm=invitation.firm_name),
        lead=(
            _(
                "%(name)s invites you to book machines at %(host)s for %(firm)s, on its plan.",
                name=invitation.invited_by,
                host=host_name(),
                firm=invitation.firm_name,
            ),
        ),
        action=Action(_("See the invitation"), links.firm_invitation_link(invitation.uid)),
        rest=(_("The link works for 30 days, for whoever opens it signed in."),),
        signature=host_name(),
    )


def _change(firm: FirmView, name: str, *, joined: bool) -> Notice:
    subject = (
        _("%(name)s works in %(firm)s now", name=name, firm=firm.legal_name)
        if joined
        else _("%(name)s left %(firm)s", name=name, firm=firm.legal_name)
    )
    return Notice(
        subject=subject,
        lead=(
            _("From now on %(name)s may book for the firm, on its plan.", name=name)
            if joined
            else _("%(name)s cannot book for the firm any more. What is booked stays.", name=name),
        ),
        action=Action(_("See the firm"), page_address("firms.show", firm_uid=firm.uid)),
        signature=host_name(),
    )


def _taken_out(firm: FirmView) -> Notice:
    return Notice(
        subject=_("You do not work in %(firm)s any more", firm=firm.legal_name),
        lead=(
            _(
                "Whoever speaks for %(firm)s took you out of it. You book in your own name now.",
                firm=firm.legal_name,
            ),
        ),
        action=Action(_("My bookings"), page_address("bookings.index")),
        signature=host_name(),
    )
