"""The forms of outside calendars."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, Form, validators

from labops.blueprints.sites.fields import Choice, Words, needed
from labops.domain.closures.outside import YEARS_AHEAD


def _at_most(signs: int) -> validators.Length:
    return validators.Length(max=signs, message=_l("This is too long."))


class CalendarForm(Form):
    """A calendar to follow: an address or a file, for the whole site or one space."""

    name = Words(
        _l("Name"),
        [needed(), _at_most(120)],
        description=_l("Also the reason of closures whose entries have no words of their own."),
    )
    address = Words(
        _l("Address"),
        [validators.Optional(), _at_most(1000)],
        description=_l("It is read every hour. It begins with https://, http:// or webcal://."),
    )
    file = FileField(
        _l("Or a file"),
        [validators.Optional()],
        description=_l("An .ics file, read once."),
    )
    space = Choice(_l("What would be closed"), [validators.Optional()])

    def __init__(self, *args: Any, spaces: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.space.choices = [("", _l("The whole site")), *spaces]


class FileForm(Form):
    """A newer file of a calendar."""

    file = FileField(_l("A newer file"), [validators.Optional()])


class YearForm(Form):
    """The year whose public holidays are proposed."""

    year = Choice(_l("Year"), [needed()])

    def __init__(self, *args: Any, this_year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = range(this_year, this_year + YEARS_AHEAD + 1)
        self.year.choices = [(str(year), str(year)) for year in years]


def sent_file() -> bytes:
    """Return the file of this web request, empty without one."""
    upload = request.files.get("file")
    return upload.read() if upload is not None and upload.filename else b""


def says_where(form: CalendarForm, raw: bytes) -> bool:
    """Say whether there is an address or a file, but not both, after saying so at the field."""
    if bool(form.address.data) != bool(raw):
        return True
    sentence = _("Give an address or a file.") if not raw else _("Give only one of the two.")
    form.address.errors = [*form.address.errors, sentence]
    return False
