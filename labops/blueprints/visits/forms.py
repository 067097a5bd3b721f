"""Forms of doors and the desk."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Form, validators

from labops.blueprints.sites.fields import Choice, Prose, Whole, Words, needed
from labops.domain.visits.commands import MOST_GUESTS, MOST_NAMES


class EnrolForm(Form):
    """Which door the browser becomes the screen of."""

    station = Choice(_l("At which door does this screen stand?"), [needed()])
    name = Words(_l("Name of this screen"), [needed(), validators.Length(max=80)])
    only_screen = BooleanField(_l("At this door only the code on the screen counts"))


class GuestsForm(Form):
    """Who comes with whom."""

    name = Words(_l("Name of the guest or the group"), [needed(), validators.Length(max=120)])
    people_count = Whole(_l("How many people"), [validators.Optional()])
    names = Prose(
        _l("Their names, if you know them"),
        [validators.Optional(), validators.Length(max=4000)],
        description=_l("A line each. They are forgotten after a month."),
    )
    minors = BooleanField(_l("They are minors"))
    host = Words(_l("Who answers for them"), [needed(), validators.Length(max=200)])
    over_capacity = BooleanField(_l("Write them down although the site is full"))

    def validate_people_count(self, field: Whole) -> None:
        """Refuse none, and more than any site holds."""
        if field.data is not None and not 1 <= field.data <= MOST_GUESTS:
            raise validators.ValidationError(_l("Write a number from 1 to 500."))

    def listed(self) -> tuple[str, ...]:
        """Return the names, one a line."""
        lines = (line.strip() for line in str(self.names.data or "").splitlines())
        return tuple(line for line in lines if line)[:MOST_NAMES]
