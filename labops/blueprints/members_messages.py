"""Sentences about members: their profiles, files of them, merging, circulars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

SENTENCES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "field.not-a-phone": lambda p: _(
        "“%(value)s” is no phone number. Numbers from abroad begin with + and the country.",
        value=p.get("value", ""),
    ),
    "field.not-a-tax-code": lambda p: _(
        "“%(value)s” is no tax code: a sign is wrong or missing.", value=p.get("value", "")
    ),
    "profile.birth-date-known": lambda _p: _(
        "Your date of birth is known already. Ask staff to correct it."
    ),
    "merge.same-person": lambda _p: _("This is the same person. Choose another one."),
    "merge.own-account": lambda _p: _(
        "One of the two is you. Ask somebody else who works here to do this."
    ),
    "merge.roles": lambda _p: _(
        "One of the two has a role that you may not give. Ask somebody who may."
    ),
    "merge.books": lambda _p: _(
        "The account that goes has books of hours or money, which are never rewritten. Merge the"
        " other way round, or settle by hand."
    ),
    "merge.other-name": lambda _p: _("Write the name of the person whose account goes."),
    "members.unknown-field": lambda p: _(
        "There is no field called “%(field)s” for a column.", field=p.get("value", "")
    ),
    "members.field-twice": lambda _p: _(
        "Another column stands for the same. Leave one of the two out."
    ),
    "members.nothing-to-know-by": lambda _p: _(
        "An e-mail is needed, or a name and a date of birth: else nobody can be told from another."
    ),
    "members.doubled": lambda p: _("Line %(other)s is the same person.", other=p["other"]),
    "members.several-known": lambda p: _(
        "We know several people called “%(value)s” who were born on that day. Merge them first,"
        " or give the e-mail.",
        value=p.get("value", ""),
    ),
    "members.not-a-day": lambda p: _(
        "“%(value)s” is no date. Write it as 2027-03-01 or 1/3/2027.", value=p.get("value", "")
    ),
    "members.not-a-language": lambda p: _(
        "“%(value)s” is no language we speak. Write it or en.", value=p.get("value", "")
    ),
    "sheet.not-utf-8": lambda _p: _("This file is not UTF-8 text. Save it as “CSV UTF-8”."),
    "sheet.not-csv": lambda _p: _("This cannot be read as CSV: a quotation mark may be missing."),
    "sheet.not-xlsx": lambda _p: _("This cannot be read as an Excel file (.xlsx)."),
    "sheet.empty": lambda _p: _("There is nothing in this file."),
    "sheet.too-wide": lambda _p: _("The file has too many columns."),
    "circular.nobody": lambda _p: _("Nobody would get this letter. Choose other people."),
    "circular.too-wide": lambda _p: _(
        "Choose people of your own site: who is a member there, or was."
    ),
}
