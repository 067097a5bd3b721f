"""What the pages of skills share: their blueprint, their words, and where one renews."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, current_app, url_for
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from labops.domain.certifications.skills import Skill
from labops.domain.certifications.states import Act, EarnedBy, Renewal, ShownName

bp = Blueprint("skills", __name__)

# Pages that other parts of an installation may bring.
INDUCTIONS = "inductions.index"

ACTS: Mapping[Act, LazyString] = {
    Act.GRANTED: _l("Granted"),
    Act.RENEWED: _l("Renewed"),
    Act.SUSPENDED: _l("Suspended"),
    Act.RESUMED: _l("Counts again"),
    Act.REVOKED: _l("Revoked"),
}
EARNED: Mapping[EarnedBy, LazyString] = {
    EarnedBy.GRANT: _l("by staff"),
    EarnedBy.IMPORT: _l("taken over from a list"),
    EarnedBy.INDUCTION: _l("by an induction"),
    EarnedBy.QUIZ: _l("by a quiz"),
    EarnedBy.USE: _l("by use"),
}
SHOWN: Mapping[ShownName, LazyString] = {
    ShownName.INITIALS: _l("My initials"),
    ShownName.FIRST: _l("My first name"),
    ShownName.FULL: _l("My whole name"),
    ShownName.NONE: _l("No name"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to renew; `url` is empty where there is no page to go to."""

    words: str
    url: str = ""


def address_of(code: str) -> str:
    """Return what the card's QR holds: of the configured host, never of the web request's."""
    return f"{current_app.config['LABOPS'].public_url}/c/{code}"


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
