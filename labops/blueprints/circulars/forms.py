"""The form of a circular."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import Form, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length

from labops.blueprints.sites.fields import Prose, Words
from labops.domain.circulars.services import LONGEST_BODY, LONGEST_SUBJECT

NEWS, SERVICE = "news", "service"


class CircularForm(Form):
    """A letter in one or both languages."""

    site = SelectField(_l("Sent by"), choices=[])
    about = RadioField(
        _l("What it is about"),
        [InputRequired(_l("Choose one."))],
        choices=[
            SelectChoice(NEWS, _l("News or an invitation: only whoever agreed to such gets one")),
            SelectChoice(SERVICE, _l("The service: a closure, changed rules. Everybody gets it")),
        ],
        default=NEWS,
    )
    subject_it = Words(_l("Subject in Italian"), [Length(max=LONGEST_SUBJECT)])
    body_it = Prose(_l("Text in Italian"), [Length(max=LONGEST_BODY)])
    subject_en = Words(_l("Subject in English"), [Length(max=LONGEST_SUBJECT)])
    body_en = Prose(
        _l("Text in English"),
        [Length(max=LONGEST_BODY)],
        description=_l("Without it, readers of English get the Italian text."),
    )
