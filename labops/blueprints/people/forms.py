"""Forms with which staff look after people: shape and spelling only."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    DateTimeLocalField,
    DecimalField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from labops.blueprints.sites.fields import Prose
from labops.domain.notes.values import LONGEST_NOTE, Visibility


class MemberForm(Form):
    """A membership at one site."""

    site = SelectField(_l("Site"), choices=[])
    starts_on = DateField(_l("From"), [InputRequired(_l("Choose a day."))])
    ends_on = DateField(_l("To"), [Optional()])


class CertifyForm(Form):
    """A certification for one machine type."""

    machine_type = SelectField(_l("Machine type"), choices=[])
    starts_on = DateField(_l("From"), [InputRequired(_l("Choose a day."))])
    level = IntegerField(
        _l("Level"),
        [Optional(), NumberRange(min=1, max=9)],
        description=_l("1 unless it has more."),
    )
    ends_on = DateField(
        _l("To"), [Optional()], description=_l("Empty for what the machine type says.")
    )
    evidence = StringField(
        _l("Evidence"), [Length(max=300)], description=_l("An induction, a course, what you saw.")
    )


class SuspendCertificationForm(Form):
    """Days on which what somebody has for a machine type does not count."""

    machine_type = StringField()
    ends_on = DateField(
        _l("Last day"), [Optional()], description=_l("Empty until somebody says otherwise.")
    )
    reason = StringField(
        _l("Reason"),
        [InputRequired(_l("Give the reason.")), Length(max=300)],
        description=_l("The person reads it."),
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


class PlaceForm(Form):
    """The plan and groups of a member."""

    site = SelectField(_l("Site"), choices=[])
    plan = StringField(
        _l("Plan"),
        [Length(max=60)],
        description=_l("As the house rules call it, such as student; empty for none."),
    )
    groups = StringField(
        _l("Groups"),
        [Length(max=300)],
        description=_l("As the house rules call them, with commas between."),
    )


class BirthForm(Form):
    """When somebody was born."""

    site = SelectField(_l("Site"), choices=[])
    born_on = DateField(_l("Born on"), [Optional()])


class RestrictForm(Form):
    """What one person may still book, and until when that holds."""

    site = SelectField(_l("Site"), choices=[])
    machines = SelectMultipleField(
        _l("Only these machines"),
        choices=[],
        description=_l("With neither machines nor machine types, the person is shut out."),
    )
    categories = SelectMultipleField(_l("Only these machine types"), choices=[])
    until_on = DateField(_l("Until"), [Optional()])
    reason = StringField(
        _l("Reason"),
        [InputRequired(_l("Give the reason.")), Length(max=300)],
        description=_l("The person reads it."),
    )


class TopUpForm(Form):
    """Hours, or a number of bookings, besides a quota."""

    quota = SelectField(_l("Quota"), choices=[])
    hours = DecimalField(
        _l("Hours"), [Optional(), NumberRange(min=0, max=8784)], description=_l("Or a number:")
    )
    count = IntegerField(_l("Number"), [Optional(), NumberRange(min=0, max=10_000)])
    starts_on = DateField(_l("From"), [InputRequired(_l("Choose a day."))])
    ends_on = DateField(_l("To"), [Optional()])
    reason = StringField(_l("Reason"), [InputRequired(_l("Give the reason.")), Length(max=300)])


class NoteForm(Form):
    """A note about a person."""

    text = Prose(_l("Note"), [InputRequired(_l("Write the note.")), Length(max=LONGEST_NOTE)])
    visibility = SelectField(_l("Who reads it"), choices=[])
    site = SelectField(_l("Site"), choices=[])


def visibility_names() -> dict[Visibility, str]:
    """Return who reads a note, in words."""
    return {
        Visibility.STAFF: _("all staff of the site"),
        Visibility.MANAGERS: _("managers of the site only"),
        Visibility.PERSON: _("all staff of the site, and the person herself"),
    }
