"""Forms of firms: shape and spelling only."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import Form, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from labops.blueprints.firms.base import FLAGS, ROLES, SIZES


class FirmForm(Form):
    """What a firm is."""

    legal_name = StringField(
        _l("Legal name"), [InputRequired(_l("Give the name of the firm.")), Length(max=200)]
    )
    vat_number = StringField(
        _l("VAT number"), [Optional(), Length(max=20)], description=_l("Eleven digits.")
    )
    tax_code = StringField(
        _l("Tax code"),
        [Optional(), Length(max=20)],
        description=_l("One of the two numbers is needed."),
    )
    email = StringField(
        _l("E-mail of the firm"),
        [InputRequired(_l("Give an e-mail address.")), Length(max=254)],
        description=_l("We send a link there, to see that the address is the firm's."),
    )
    ateco_code = StringField(
        _l("ATECO code"), [Optional(), Length(max=12)], description=_l("Such as 31.09 or 16.23.10.")
    )
    size = SelectField(
        _l("Size"), choices=[SelectChoice(value, word) for value, word in SIZES.items()]
    )
    flags = SelectMultipleField(
        _l("What the firm is"),
        choices=[SelectChoice(value, word) for value, word in FLAGS.items()],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    street = StringField(_l("Street and number"), [Optional(), Length(max=160)])
    postcode = StringField(_l("Postcode"), [Optional(), Length(max=12)])
    town = StringField(_l("Town"), [Optional(), Length(max=80)])
    municipio = SelectField(
        _l("Municipio of Milan"),
        choices=[
            SelectChoice("", _l("None of them")),
            *(SelectChoice(str(number), str(number)) for number in range(1, 10)),
        ],
    )


class InviteForm(Form):
    """Whom to invite."""

    email = StringField(
        _l("E-mail"), [InputRequired(_l("Give an e-mail address.")), Length(max=254)]
    )
    role = SelectField(
        _l("Role"),
        choices=[SelectChoice(value, word) for value, word in reversed(list(ROLES.items()))],
    )
