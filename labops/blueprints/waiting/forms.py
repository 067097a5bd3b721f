"""The form for joining the waiting list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, IntegerField, SelectField, TextAreaField, validators

from labops.blueprints import formats
from labops.blueprints.bookings.forms import NOTE_LENGTH, Clock, Day, SlotForm
from labops.blueprints.slots import LENGTHS, UNTIL
from labops.domain.waiting.services import LONGEST_WINDOW

FIELD_PREFIX = "field:"


class JoinForm(SlotForm):
    """What one waits for, in which span of time, and for how long."""

    what = SelectField(_l("Machine"), validate_choice=False)
    date = Day(_l("Day"), [validators.InputRequired(_l("Choose a day."))])
    start = Clock(_l("Not before"), [validators.InputRequired(_l("Choose a start."))])
    end_date = Day(_l("Last day"), [validators.Optional()])
    end = Clock(_l("Over by"), [validators.InputRequired(_l("Choose an end."))])
    length = HiddenField()  # type: ignore[assignment]  # of the span: it ends at its given end
    minutes = SelectField(_l("Length"), validate_choice=False)
    people = IntegerField(_l("People, you included"), [validators.InputRequired()], default=1)
    note = TextAreaField(_l("Note"), [validators.Length(max=NOTE_LENGTH)])

    def __init__(self, *args: Any, whats: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.what.choices = list(whats)
        self.length.data = UNTIL
        given = str(self.minutes.data or "")
        known = {*LENGTHS, int(given)} if given.isdecimal() and len(given) < 6 else {*LENGTHS}  # noqa: PLR2004
        self.minutes.choices = [
            (str(one), formats.duration(timedelta(minutes=one))) for one in sorted(known) if one
        ]

    def validate_end_date(self, field: DateField) -> None:
        """Refuse to wait for months."""
        first, last = self.date.data, field.data
        if isinstance(first, date) and last is not None and last - first >= LONGEST_WINDOW:
            raise validators.ValidationError(_("Wait for a month at most."))
