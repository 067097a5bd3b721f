"""Mails about accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters import links
from labops.adapters.notices.words import (
    Action,
    Notice,
    Teller,
    Told,
    host_name,
    moment,
    page_address,
)
from labops.domain.notifications import queries
from labops.domain.notifications.queries import Addressee
from labops.kernel.db import reading

# Nobody waits a day for a link she asked for; a late one would be an open door in a mailbox.
RESET_WAITS = timedelta(hours=24)


def _signed_up(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    account = queries.addressee(reading(), fact["account_id"])
    if account is None or account.confirmed:
        return ()
    return (Told(account, partial(_confirmation, account, now)),)


def _sign_up_repeated(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    account = queries.addressee(reading(), fact["account_id"])
    return (Told(account, partial(_repetition, account, fact, now)),) if account else ()


def _password_reset_asked(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    account = queries.addressee(reading(), fact["account_id"])
    if account is None or now - datetime.fromisoformat(fact["at"]) > RESET_WAITS:
        return ()
    return (Told(account, partial(_reset, account, fact, now)),)


def _password_changed(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    account = queries.addressee(reading(), fact["account_id"])
    return (Told(account, partial(_change, fact)),) if account else ()


TELLERS: Mapping[str, Teller] = {
    "SignedUp": _signed_up,
    "SignUpRepeated": _sign_up_repeated,
    "PasswordResetAsked": _password_reset_asked,
    "PasswordChanged": _password_changed,
}


def _confirmation(account: Addressee, now: datetime) -> Notice:
    return Notice(
        subject=_("Confirm your e-mail address"),
        lead=(
            _(
                "An account was made with this address. Confirm that the address is yours: after"
                " that you can sign in."
            ),
        ),
        action=Action(
            _("Confirm the address"),
            links.confirmation_link(account.account_id, account.credentials_revision),
        ),
        rest=(
            _("The link works until %(when)s.", when=_until("confirm", now)),
            _(
                "If it was not you, you need do nothing: without the link nobody can use the"
                " account."
            ),
        ),
        signature=host_name(),
    )


def _repetition(account: Addressee, fact: Mapping[str, Any], now: datetime) -> Notice:
    # The password typed this time was not kept, so an account that still waits for its
    # confirmation gets this link, too: choosing a password by mail confirms the address.
    return Notice(
        subject=_("You have an account already"),
        lead=(
            _(
                "Somebody tried to make an account with this address on %(when)s. There is one"
                " already, so nothing was changed.",
                when=_when(fact),
            ),
            _("If it was you and you do not remember the password, choose a new one."),
        ),
        action=_choose_password(account),
        rest=(_once(now), _("If it was not you, you need do nothing.")),
        signature=host_name(),
    )


def _reset(account: Addressee, fact: Mapping[str, Any], now: datetime) -> Notice:
    return Notice(
        subject=_("Choose a new password"),
        lead=(
            _(
                "Somebody asked on %(when)s for a new password for the account with this address."
                " If it was you, choose one now.",
                when=_when(fact),
            ),
        ),
        action=_choose_password(account),
        rest=(
            _once(now),
            _("If it was not you, you need do nothing: your password stays as it is."),
        ),
        signature=host_name(),
    )


def _change(fact: Mapping[str, Any]) -> Notice:
    return Notice(
        subject=_("Your password was changed"),
        lead=(
            _(
                "The password of your account was changed on %(when)s. Every device that was"
                " signed in was signed out.",
                when=_when(fact),
            ),
            _(
                "If it was not you, ask for a new password on the sign-in page at once, and tell"
                " the staff."
            ),
        ),
        action=Action(_("Go to the sign-in page"), page_address("accounts.sign_in")),
        signature=host_name(),
    )


def _choose_password(account: Addressee) -> Action:
    return Action(
        _("Choose a new password"),
        links.reset_link(account.account_id, account.credentials_revision),
    )


def _once(now: datetime) -> str:
    until = _until("reset", now)
    words: str = _("The link works once, until %(when)s. Show it to nobody.", when=until)
    return words


def _until(purpose: str, now: datetime) -> str:
    """Return until when a link made now works."""
    return moment(now + links.LIFETIMES[purpose], queries.common_zone(reading()))


def _when(fact: Mapping[str, Any]) -> str:
    return moment(datetime.fromisoformat(fact["at"]), queries.common_zone(reading()))
