"""Mails to applicants: what is left to do, and that they are members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters.notices.labels import STEPS
from labops.adapters.notices.words import Action, Notice, Teller, Told, page_address
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.domain.onboarding import queries as onboarding
from labops.domain.onboarding.queries import Progress
from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.kernel.db import reading


def _nudged(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    site = sites.by_id(reading(), fact["site_id"])
    to = queries.addressee_of(reading(), fact["person_uid"])
    if to is None:
        return ()
    today = now.astimezone(site.tz).date()
    progress = onboarding.progress_of(reading(), to.person_id, site.id, today=today)
    # Whoever has done everything meanwhile, or is a member by now, is not reminded.
    if progress is None or progress.at is None:
        return ()
    return (Told(to, partial(_what_is_left, site, progress), LetterKind.MEMBERSHIP),)


def _admitted(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    site = sites.by_id(reading(), fact["site_id"])
    to = queries.addressee_of(reading(), fact["person_uid"])
    return (Told(to, partial(_welcome, site), LetterKind.MEMBERSHIP),) if to else ()


TELLERS: Mapping[str, Teller] = {"ApplicantNudged": _nudged, "ApplicantAdmitted": _admitted}


def _what_is_left(site: SiteView, progress: Progress) -> Notice:
    left = [one.step for one in progress.steps if not one.is_over]
    return Notice(
        subject=_("What is left to become a member of %(site)s", site=site.name),
        lead=(_("You have begun, and these steps are left. Do them in any order."),),
        details=tuple((str(number), str(STEPS[step.kind])) for number, step in enumerate(left, 1)),
        action=Action(_("Go on"), page_address("onboarding.steps", slug=site.slug)),
        rest=(_("If something stands in your way, ask the staff: some steps can be left out."),),
        signature=site.name,
    )


def _welcome(site: SiteView) -> Notice:
    return Notice(
        subject=_("You are a member of %(site)s", site=site.name),
        lead=(_("All steps are behind you. From now on you book what you are certified for."),),
        action=Action(_("Open the calendar"), page_address("bookings.calendar", site=site.slug)),
        signature=site.name,
    )
