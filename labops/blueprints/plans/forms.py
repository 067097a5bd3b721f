"""Forms of plans and payments: shape and spelling only."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    Form,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import InputRequired, Length, Optional

from labops.blueprints.house_rules.fields import Money
from labops.blueprints.plans.words import METHODS, PERIODS


class SubscribeForm(Form):
    """Which plan somebody goes on."""

    plan = SelectField(_l("Plan"), choices=[])
    renews = BooleanField(_l("Renew by itself at the end of each period"))


class PaymentForm(Form):
    """Money that came in."""

    amount = Money(
        _l("Amount in euro"), [InputRequired(_l("Write an amount in euro, such as 12.50."))]
    )
    method = SelectField(
        _l("Paid by"), choices=[SelectChoice(one.value, word) for one, word in METHODS.items()]
    )
    notice_number = StringField(
        _l("Notice number"),
        [Optional(), Length(max=24)],
        description=_l("For PagoPA: the 18 digits of the notice."),
    )
    paid_on = DateField(_l("Paid on"), [InputRequired(_l("Choose a day."))])


class PlanForm(Form):
    """What a plan is."""

    slug = StringField(
        _l("Short name"),
        [InputRequired(_l("Give a short name.")), Length(max=60)],
        description=_l("As house rules call it: small letters, digits and hyphens."),
    )
    name_it = StringField(
        _l("Name in Italian"), [InputRequired(_l("Give a name.")), Length(max=80)]
    )
    name_en = StringField(
        _l("Name in English"), [InputRequired(_l("Give a name.")), Length(max=80)]
    )
    price = Money(
        _l("Price in euro"), [InputRequired(_l("Write an amount in euro, such as 12.50."))]
    )
    period = SelectField(
        _l("Paid"), choices=[SelectChoice(one.value, word) for one, word in PERIODS.items()]
    )
    hours = TextAreaField(
        _l("Hours included each month"),
        description=_l("One machine type a line, with its hours, such as: laser 4"),
    )
    groups = StringField(
        _l("Only for these groups"),
        description=_l("Such as students, residents. Empty: for everybody."),
    )
    firm_people = IntegerField(
        _l("For firms of at most so many people"),
        [Optional()],
        description=_l("Empty: for single people. A firm's people use its hours together."),
    )
    induction_percent = IntegerField(
        _l("Off the price of inductions, in percent"),
        [Optional()],
        description=_l("100: inductions are included. Empty: they cost what they cost."),
    )
    sold_from = DateField(_l("For sale from"), [Optional()])
    sold_until = DateField(_l("For sale until"), [Optional()])
