"""What the pages of skills share: their blueprint and their words."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, current_app
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from labops.domain.certifications.states import Act, EarnedBy, ShownName

bp = Blueprint("skills", __name__)

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


def address_of(code: str) -> str:
    """Return what the card's QR holds: of the configured host, never of the web request's."""
    return f"{current_app.config['LABOPS'].public_url}/c/{code}"
