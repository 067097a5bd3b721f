"""The form in which somebody chooses what her card shows."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form, RadioField, SelectMultipleField, widgets

from labops.blueprints.skills.base import SHOWN


class ShownForm(Form):
    """As much of the name, and those of the skills, that anybody may see who has the card."""

    shown_name = RadioField(_l("Of my name it shows"))
    types = SelectMultipleField(
        _l("Of my skills it shows"),
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown_name.choices = [(name.value, words) for name, words in SHOWN.items()]
