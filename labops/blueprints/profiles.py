"""The form of a person's particulars, for herself and for staff."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, SelectField, TelField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length, Optional

from labops.blueprints.sites.fields import Prose, Words
from labops.domain.people.policies import shown_phone
from labops.domain.people.profiles import LONGEST_NEEDS, ProfileView, SaveProfile


class ProfileForm(Form):
    """What a person tells us of herself; but for the name all of it may stay empty."""

    name = Words(
        _l("Name and surname"),
        [InputRequired(_l("Write your name.")), Length(max=120)],
        render_kw={"autocomplete": "name"},
    )
    born_on = DateField(_l("Born on"), [Optional()], description=_l("House rules on age go by it."))
    language = SelectField(
        _l("Language"), choices=[SelectChoice("it", "Italiano"), SelectChoice("en", "English")]
    )
    phone = TelField(_l("Phone"), render_kw={"autocomplete": "tel"})
    emergency_name = Words(
        _l("Whom to call in an emergency"),
        description=_l("Somebody who is not at the site with you."),
    )
    emergency_phone = TelField(_l("That person's phone"))
    street = Words(_l("Street and number"), render_kw={"autocomplete": "street-address"})
    postcode = Words(_l("Postcode"), render_kw={"autocomplete": "postal-code"})
    town = Words(_l("Town"), render_kw={"autocomplete": "address-level2"})
    tax_code = Words(
        _l("Tax code"), description=_l("Codice fiscale: only for receipts and insurance.")
    )


class OwnProfileForm(ProfileForm):
    """The same with what only she herself writes."""

    accessibility = Prose(
        _l("What you need to work here"),
        [Length(max=LONGEST_NEEDS)],
        description=_l(
            "A step-free way, a quiet place, somebody who signs: staff see it only when they ask"
            " for it, and that they did is written down."
        ),
    )


def described(view: ProfileView) -> dict[str, Any]:
    """Return the values of the form that stand for what is known."""
    values = {name: getattr(view, name) for name in ProfileForm()._fields}
    for name in ("phone", "emergency_phone"):
        values[name] = shown_phone(values[name])
    return values


def command_of(form: ProfileForm) -> SaveProfile:
    """Return what the form asks to be kept."""
    values = {field.name: field.data for field in form}
    texts = {name: value or "" for name, value in values.items() if name != "born_on"}
    return SaveProfile(**texts, born_on=values["born_on"])
