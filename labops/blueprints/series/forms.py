"""The form that moves occurrences of a series."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField

from labops.blueprints.bookings.forms import SlotForm
from labops.domain.series.states import Scope


class MoveSeriesForm(SlotForm):
    """A new time for one occurrence, and which others are to move as far."""

    scope = RadioField(_l("Which ones"), default=Scope.FOLLOWING.value, validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope.choices = [
            (Scope.ONE.value, _("Only this one")),
            (Scope.FOLLOWING.value, _("This one and the following")),
            (Scope.ALL.value, _("All that are still to come")),
        ]
