"""Forms about certifications: shape and spelling only."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
    widgets,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from labops.domain.certifications.settings import MOST_DAYS, MOST_LEVELS, MOST_MONTHS
from labops.domain.certifications.states import Renewal

RENEWALS = {
    Renewal.QUIZ: _l("By passing the quiz again"),
    Renewal.SESSION: _l("By taking part in an induction again"),
    Renewal.USE: _l("By use in the last 30 days before the end"),
}
_BETWEEN = re.compile(r"[\s,;]+")


class TypeForm(Form):
    """A machine type and what its certifications get from now on."""

    name_it = StringField(
        _l("Name in Italian"), [InputRequired(_l("Fill this in.")), Length(max=120)]
    )
    name_en = StringField(
        _l("Name in English"), [InputRequired(_l("Fill this in.")), Length(max=120)]
    )
    levels = TextAreaField(
        _l("Levels"),
        [Optional(), Length(max=2000)],
        description=_l(
            "One on each line, the first one first: its Italian name, a slash, its English name."
            " Empty for one level without a name."
        ),
    )
    valid_months = IntegerField(
        _l("Valid for so many months"),
        [Optional(), NumberRange(min=1, max=MOST_MONTHS)],
        description=_l("Empty for no end."),
    )
    unused_days = IntegerField(
        _l("Ends when unused for so many days"),
        [Optional(), NumberRange(min=1, max=MOST_DAYS)],
        description=_l("Checking in to a booking on such a machine is use. Empty for no such end."),
    )
    renewal = SelectMultipleField(
        _l("Ways to renew it, besides by staff"),
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.renewal.choices = [(way.value, words) for way, words in RENEWALS.items()]

    def validate_levels(self, field: TextAreaField) -> None:
        """Refuse a line that does not name a level twice."""
        for line in (field.data or "").splitlines():
            italian, _slash, english = line.partition("/")
            if line.strip() and not (italian.strip() and english.strip()):
                raise ValidationError(
                    _l("Each line needs an Italian name, a slash and an English name.")
                )

    def named_levels(self) -> tuple[tuple[str, str], ...]:
        """Return the Italian and English name of each level."""
        lines = (line for line in (self.levels.data or "").splitlines() if line.strip())
        pairs = (line.partition("/") for line in lines)
        return tuple((first.strip(), second.strip()) for first, _slash, second in pairs)


class TrainerForm(Form):
    """A new trainer, by her address."""

    email = StringField(
        _l("E-mail"),
        [InputRequired(_l("Fill this in.")), Length(max=254)],
        render_kw={"type": "email", "autocomplete": "off"},
    )


class ManyForm(Form):
    """Everybody who passed a course."""

    machine_type = SelectField(_l("Machine type"), choices=[])
    level = IntegerField(_l("Level"), [Optional(), NumberRange(min=1, max=MOST_LEVELS)], default=1)
    addresses = TextAreaField(
        _l("E-mail addresses"),
        [InputRequired(_l("Fill this in.")), Length(max=20_000)],
        description=_l("One on each line, or with commas between."),
    )
    starts_on = DateField(_l("From"), [InputRequired(_l("Choose a day."))])
    ends_on = DateField(
        _l("To"), [Optional()], description=_l("Empty for what the machine type says.")
    )
    evidence = StringField(
        _l("Evidence"),
        [InputRequired(_l("Fill this in.")), Length(max=300)],
        description=_l("Which course, when, by whom."),
    )

    def named(self) -> tuple[str, ...]:
        """Return the addresses that were typed."""
        return tuple(word for word in _BETWEEN.split(self.addresses.data or "") if word)
