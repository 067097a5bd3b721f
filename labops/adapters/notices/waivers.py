"""Mails about waivers: a newer version to sign, a guardian invited, consent taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from labops.adapters import links
from labops.adapters.notices.words import Action, Notice, Teller, Told, host_name, page_address
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.domain.notifications.queries import Addressee
from labops.domain.people import queries as people
from labops.domain.waivers import queries as waivers
from labops.domain.waivers.queries import GuardianView, VersionView
from labops.kernel.db import reading
from labops.kernel.permissions import Permission


def _asked(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    to = queries.addressee_of(reading(), fact["person_uid"])
    version = waivers.version_by_id(reading(), fact["version_id"])
    if to is None or version is None:
        return ()
    if fact["person_uid"] not in waivers.waiting_for_newer(reading(), version):
        return ()  # signed meanwhile, or no member any more
    return (Told(to, partial(_newer, version, to), LetterKind.MEMBERSHIP),)


def _invited(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    guardian = waivers.guardian_told(reading(), fact["guardian_uid"])
    if guardian is None or guardian.ended_at is not None:
        return ()
    # She needs no account: the link is hers, and the letter speaks the child's language.
    to = Addressee(
        account_id=0,
        person_id=guardian.child_id,
        name=guardian.name,
        email=guardian.email,
        language=guardian.language,
        confirmed=False,
        credentials_revision=0,
    )
    return (Told(to, partial(_invitation, guardian), LetterKind.MEMBERSHIP),)


def _withdrew(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    guardian = waivers.guardian_told(reading(), fact["guardian_uid"])
    to = queries.addressee_of(reading(), guardian.child_uid) if guardian else None
    if guardian is None or to is None:
        return ()
    told = [Told(to, partial(_withdrawal, guardian), LetterKind.MEMBERSHIP)]
    known = {one.site_id for one in people.memberships(reading(), guardian.child_id)}
    staff = {
        one.person_id: one
        for site_id in sorted(known)
        for one in queries.staff_of(reading(), site_id, Permission.MEMBERSHIP_GRANT)
    }
    words = partial(_withdrawal_to_staff, guardian)
    return [*told, *(Told(one, words, LetterKind.SERVICE) for one in staff.values())]


TELLERS: Mapping[str, Teller] = {
    "SignatureAsked": _asked,
    "GuardianInvited": _invited,
    "GuardianWithdrew": _withdrew,
}


def _newer(version: VersionView, to: Addressee) -> Notice:
    title = version.title(to.language)
    day = format_date(version.asks_from, "full")
    return Notice(
        subject=_("Please sign again: %(title)s", title=title),
        lead=(
            _(
                "%(title)s has a new version. Read it and sign it before %(day)s.",
                title=title,
                day=day,
            ),
            _("Bookings from that day on need it."),
        ),
        action=Action(_("Read and sign"), page_address("waivers.mine")),
        signature=version.site_name,
    )


def _invitation(guardian: GuardianView) -> Notice:
    return Notice(
        subject=_("%(child)s asks for your consent", child=guardian.child_name),
        lead=(
            _(
                "%(child)s is a minor and would like to use machines at %(host)s. For that an adult"
                " who answers for %(child)s has to agree.",
                child=guardian.child_name,
                host=host_name(),
            ),
            _(
                "The link leads to a page of yours: read the texts, sign them, see the bookings"
                " that come, and take your consent back at any time. You need no account."
            ),
        ),
        action=Action(_("Read and decide"), links.guardian_link(guardian.uid)),
        rest=(_("Keep this mail: the link is the way back. Show it to nobody."),),
        signature=host_name(),
    )


def _withdrawal(guardian: GuardianView) -> Notice:
    return Notice(
        subject=_("%(name)s took the consent back", name=guardian.name),
        lead=(
            _(
                "%(name)s does not agree any more that you use machines here. From now on you"
                " cannot book.",
                name=guardian.name,
            ),
            _("Talk to them, or to the staff. Bookings that you have stay until somebody acts."),
        ),
        action=Action(_("See what is needed"), page_address("waivers.mine")),
        signature=host_name(),
    )


def _withdrawal_to_staff(guardian: GuardianView) -> Notice:
    return Notice(
        subject=_("A guardian took the consent for %(child)s back", child=guardian.child_name),
        lead=(
            _(
                "%(child)s cannot book any more. See what is booked already, and whether it stays.",
                child=guardian.child_name,
            ),
        ),
        action=Action(_("See the person"), page_address("people.show", uid=guardian.child_uid)),
        signature=host_name(),
    )
