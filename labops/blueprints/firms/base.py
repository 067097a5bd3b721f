"""What the pages of firms share: the blueprint, and words for what is kept."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from labops.blueprints.access import current_actor
from labops.blueprints.sites.base import key
from labops.domain.firms import queries
from labops.domain.firms.queries import FirmView
from labops.domain.firms.states import FirmFlag, FirmRole, FirmSize
from labops.kernel.db import reading

bp = Blueprint("firms", __name__)

ROLES: Mapping[str, object] = {
    FirmRole.REPRESENTATIVE.value: _l("speaks for the firm"),
    FirmRole.MEMBER.value: _l("works in the firm"),
}
SIZES: Mapping[str, object] = {
    "": _l("Not said"),
    FirmSize.MICRO.value: _l("Micro: fewer than 10 people"),
    FirmSize.SMALL.value: _l("Small: fewer than 50 people"),
    FirmSize.MEDIUM.value: _l("Medium: fewer than 250 people"),
    FirmSize.LARGE.value: _l("Large"),
}
FLAGS: Mapping[str, object] = {
    FirmFlag.CRAFT.value: _l("Craft firm"),
    FirmFlag.START_UP.value: _l("Start-up"),
    FirmFlag.SCHOOL.value: _l("School"),
    FirmFlag.ASSOCIATION.value: _l("Association"),
    FirmFlag.PRISON_WORKSHOP.value: _l("Prison workshop"),
}


def seen_firm(firm_uid: str) -> FirmView:
    """Return a firm that the actor may see; raises `NotFound`."""
    return queries.seen(reading(), key(firm_uid), current_actor())
