"""Copies of a minor's letters for whoever answers for her, when she asked for them on her page.

Only what, when, where: no link into the child's account, no calendar, nothing that is to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from flask_babel import force_locale
from flask_babel import gettext as _

from labops.adapters import links
from labops.adapters.letters import Letter
from labops.adapters.notices.words import Action, Notice, Told, language_of, letter
from labops.domain.notifications.kinds import LetterKind
from labops.domain.waivers import queries
from labops.domain.waivers.queries import GuardianView
from labops.kernel.db import reading

COPIED = frozenset({LetterKind.BOOKING, LetterKind.BOOKING_BY_OTHERS})


def of(told: Told, key: str, now: datetime) -> Sequence[Letter]:
    """Return the copies of a letter; whether its reader wants it herself makes no difference."""
    if told.kind not in COPIED:
        return ()
    guardians = queries.copied_to(reading(), told.to.person_id, today=now.date())
    with force_locale(language_of(told.to)):
        return [letter(_copy(told, one), key) for one in guardians]


def _copy(told: Told, guardian: GuardianView) -> Told:
    to = replace(told.to, account_id=0, name=guardian.name, email=guardian.email)
    return Told(to, partial(_words, told.words, guardian))


def _words(words: Callable[[], Notice], guardian: GuardianView) -> Notice:
    notice = words()
    copy = _("This is a copy of what we wrote to %(child)s.", child=guardian.child_name)
    page = links.guardian_link(guardian.uid)
    return replace(
        notice,
        lead=(copy, *notice.lead),
        action=Action(_("See what comes, or stop these copies"), page),
        instead=None,
        rest=(),
    )
