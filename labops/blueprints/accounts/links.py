"""Pages that mailed links lead to. Opening one changes nothing; its button does."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import links
from labops.blueprints.access import public
from labops.blueprints.accounts.base import bp, device, put_errors, welcome
from labops.blueprints.accounts.forms import PasswordForm
from labops.blueprints.limits import SIGN_IN, limiter
from labops.domain.people import services
from labops.kernel import clock
from labops.kernel.errors import Invalid


@bp.get("/t/<token>/confirm")
@public
def confirm(token: str) -> ResponseReturnValue:
    """Ask for one press, since mail programs open links by themselves."""
    links.read("confirm", token)
    return render_template("accounts/press.html", kind="confirm", token=token)


@bp.post("/t/<token>/confirm")
@public
def confirmed(token: str) -> ResponseReturnValue:
    """Note that the address is theirs."""
    account_id, revision = links.read("confirm", token)
    services.confirm_email(account_id, revision, now=clock.now())
    flash(_("Your address is confirmed. Now sign in."), "success")
    return redirect(url_for("accounts.sign_in"), 303)


@bp.get("/t/<token>/sign-in")
@public
def sign_in_once(token: str) -> ResponseReturnValue:
    """Ask for one press before signing in by a link."""
    links.read("sign-in", token)
    return render_template("accounts/press.html", kind="sign-in", token=token)


@bp.post("/t/<token>/sign-in")
@public
@limiter.limit(SIGN_IN)
def signed_in_once(token: str) -> ResponseReturnValue:
    """Sign in by a link, which is worthless afterwards."""
    account_id, revision = links.read("sign-in", token)
    secret = services.sign_in_by_link(account_id, revision, device=device(), now=clock.now())
    return welcome(secret)


@bp.get("/t/<token>/reset")
@public
def reset(token: str) -> ResponseReturnValue:
    """Show the form for a new password."""
    links.read("reset", token)
    return render_template("accounts/reset.html", form=PasswordForm(), token=token)


@bp.post("/t/<token>/reset")
@public
@limiter.limit(SIGN_IN)
def reset_done(token: str) -> ResponseReturnValue:
    """Set the new password and end every sign-in."""
    account_id, revision = links.read("reset", token)
    form = PasswordForm(request.form)
    if form.validate():
        try:
            services.reset_password(account_id, revision, form.password.data or "", now=clock.now())
        except Invalid as error:
            put_errors(form, error)
        else:
            flash(_("The password was changed. Sign in with the new one."), "success")
            return redirect(url_for("accounts.sign_in"), 303)
    return render_template("accounts/reset.html", form=form, token=token), 422
