"""Mails about erasing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters.notices.words import (
    Action,
    Notice,
    Teller,
    Told,
    host_name,
    moment,
    page_address,
)
from labops.domain.erasure import queries as erasing
from labops.domain.notifications import queries
from labops.kernel.db import reading


def _erasure_asked(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    person = queries.addressee_of(reading(), fact["person_uid"])
    request = erasing.waiting(reading(), person.person_id) if person else None
    if person is None or request is None or request.due_at <= now:
        return ()
    return (Told(person, partial(_asked, request.due_at)),)


TELLERS: Mapping[str, Teller] = {"ErasureAsked": _erasure_asked}
SILENT = frozenset({"ErasureTakenBack", "PersonErased"})


def _asked(due_at: datetime) -> Notice:
    when = moment(due_at, queries.common_zone(reading()))
    return Notice(
        subject=_("You asked to be erased"),
        lead=(
            _(
                "Your account, your address and what tells who you are will be erased, and your"
                " coming bookings cancelled."
            ),
            _("Until then you can take it back on your profile page."),
        ),
        details=((_("When"), when),),
        action=Action(_("Go to your profile"), page_address("accounts.profile")),
        rest=(
            _("If it was not you, take it back, choose a new password and tell the staff."),
            _("After that nobody can bring your data back, and no more mails come."),
        ),
        signature=host_name(),
    )
