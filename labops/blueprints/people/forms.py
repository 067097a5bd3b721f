"""Forms with which staff look after people: shape and spelling only."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, DateTimeLocalField, Form, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional


class MemberForm(Form):
    """A membership at one site."""

    site = SelectField(_l("Site"), choices=[])
    starts_on = DateField(_l("From"), [InputRequired(_l("Choose a day."))])
    ends_on = DateField(_l("To"), [Optional()])


class CertifyForm(Form):
    """A certification for one machine type."""

    machine_type = SelectField(_l("Machine type"), choices=[])
    starts_on = DateField(_l("From"), [InputRequired(_l("Choose a day."))])
    ends_on = DateField(_l("To"), [Optional()])
    evidence = StringField(
        _l("Evidence"), [Length(max=300)], description=_l("An induction, a course, what you saw.")
    )


class SuspendForm(Form):
    """A suspension, with a reason that the person reads."""

    site = SelectField(_l("Site"), choices=[])
    until = DateTimeLocalField(_l("Until"), [InputRequired(_l("Choose a day and a time."))])
    reason = StringField(
        _l("Reason"),
        [InputRequired(_l("Give the reason.")), Length(max=300)],
        description=_l("The person reads it."),
    )


class RoleForm(Form):
    """A role at a site, or over all."""

    role = SelectField(_l("Role"), choices=[])
    site = SelectField(_l("Site"), choices=[])
