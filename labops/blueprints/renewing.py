"""Where one renews a certification, or gets one: pages that another part may bring."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, url_for
from flask_babel import gettext as _

from labops.domain.certifications.skills import Skill
from labops.domain.certifications.states import Renewal

INDUCTIONS = "inductions.index"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to renew; `url` is empty where there is no page to go to."""

    words: str
    url: str = ""


def inductions_address(slug: str) -> str:
    """Return where the next inductions for a machine type are; empty where there are none."""
    if INDUCTIONS not in current_app.view_functions:
        return ""
    return url_for(INDUCTIONS, type=slug)


def ways_to_renew(skill: Skill) -> list[Way]:
    """Return how the skill may be renewed, staff last: they always may."""
    ways = []
    if Renewal.USE in skill.renewal:
        ways.append(Way(_("Use such a machine in the last 30 days before the end.")))
    if Renewal.QUIZ in skill.renewal:
        ways.append(Way(_("Pass the quiz again.")))
    if Renewal.SESSION in skill.renewal:
        ways.append(Way(_("Take part in an induction again."), inductions_address(skill.slug)))
    ways.append(Way(_("Or ask staff of your site.")))
    return ways
