"""Sentences about labs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "lab.wrong-vat-number": lambda _p: _(
        "This is no Italian VAT number: it has eleven digits, and the last one checks the others."
    ),
    "lab.wrong-tax-code": lambda _p: _(
        "This is no tax code: a body has eleven digits, a person sixteen letters and digits."
    ),
    "lab.wrong-address": lambda _p: _(
        "Write the whole address, such as https://example.org/prices."
    ),
    "lab.machines-of-site": lambda _p: _(
        "This lab is one of our sites: its machines come from the inventory. Change them there."
    ),
    "lab.too-many": lambda p: ngettext(
        "You may speak for at most one lab.",
        "You may speak for at most %(num)d labs.",
        p["most"],
    ),
    "lab.too-many-machines": lambda p: ngettext(
        "A lab may have at most one machine here.",
        "A lab may have at most %(num)d machines here.",
        p["most"],
    ),
    "lab.too-many-places": lambda p: ngettext(
        "A lab may have at most one address here.",
        "A lab may have at most %(num)d addresses here.",
        p["most"],
    ),
    "lab.not-csv": lambda _p: _("This cannot be read as CSV: a quotation mark may be missing."),
    "lab.not-json": lambda _p: _("This file is not JSON."),
    "lab.no-list": lambda _p: _("This file holds no list of labs."),
    "lab.main-place": lambda _p: _(
        "This is the main address. Make another one the main one first."
    ),
    "lab.last-owner": lambda _p: _(
        "Nobody else could then say who speaks for the lab. Name another owner first."
    ),
}
