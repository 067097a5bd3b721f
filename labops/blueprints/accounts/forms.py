"""Forms of accounts: shape and spelling only."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Form, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional


class SignInForm(Form):
    """Who one is."""

    email = EmailField(
        _l("E-mail"),
        [InputRequired(_l("Write your address."))],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Write your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class SignUpForm(Form):
    """A new account."""

    name = StringField(
        _l("Name and surname"),
        [InputRequired(_l("Write your name.")), Length(max=120)],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        _l("E-mail"),
        [InputRequired(_l("Write your address.")), Length(max=254)],
        description=_l("We send a link there to make sure that it is yours."),
        render_kw={"autocomplete": "email"},
    )
    password = PasswordField(
        _l("Password"),
        [InputRequired(_l("Choose a password."))],
        description=_l("At least 10 characters. Three or four words are easy to remember."),
        render_kw={"autocomplete": "new-password"},
    )


class AddressForm(Form):
    """The address that a link goes to."""

    email = EmailField(
        _l("E-mail"),
        [InputRequired(_l("Write your address."))],
        render_kw={"autocomplete": "username"},
    )


class PasswordForm(Form):
    """A new password."""

    password = PasswordField(
        _l("New password"),
        [InputRequired(_l("Choose a password."))],
        description=_l("At least 10 characters. Three or four words are easy to remember."),
        render_kw={"autocomplete": "new-password"},
    )


class TokenForm(Form):
    """A key for programs."""

    label = StringField(
        _l("What it is for"), [InputRequired(_l("Say what it is for.")), Length(max=80)]
    )
    scope = SelectField(_l("What it may do"), choices=[])
    days = IntegerField(
        _l("Days until it ends"),
        [Optional(), NumberRange(1, 3650)],
        description=_l("Leave it empty for a token without an end."),
    )
