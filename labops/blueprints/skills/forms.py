"""The form in which somebody chooses what her card shows."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import Form, RadioField, SelectMultipleField, widgets

from labops.blueprints.skills.base import SHOWN


class ShownForm(Form):
    """As much of the name, and those of the skills, that anybody may see who has the card."""

    shown_name = RadioField(
        _l("Of my name it shows"), choices=[(name.value, words) for name, words in SHOWN.items()]
    )
    types = SelectMultipleField(
        _l("Of my skills it shows"),
        choices=[],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )
