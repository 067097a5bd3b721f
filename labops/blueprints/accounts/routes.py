"""Signing up, in and out, and the language."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, current_person, public, signed_in
from labops.blueprints.accounts.base import (
    bp,
    device,
    farewell,
    put_errors,
    remember_way_back,
    welcome,
)
from labops.blueprints.accounts.forms import AddressForm, SignInForm, SignUpForm
from labops.blueprints.formats import language
from labops.blueprints.limits import MAIL, SIGN_IN, limiter
from labops.blueprints.paths import safe_path
from labops.blueprints.shell import LANGUAGES, forget_visitor
from labops.domain.people import services
from labops.domain.people.services import SignUp
from labops.kernel import clock
from labops.kernel.errors import Invalid

ONE_YEAR = 365 * 24 * 60 * 60  # seconds


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form."""
    remember_way_back(request.args.get("next"))
    if current_actor().signed_in:
        return redirect(safe_path(request.args.get("next")), 303)
    return render_template("accounts/sign_in.html", form=SignInForm())


@bp.post("/sign-in")
@public
@limiter.limit(SIGN_IN)
def enter() -> ResponseReturnValue:
    """Sign in; a wrong address and a wrong password look the same."""
    form = SignInForm(request.form)
    if form.validate():
        try:
            secret = services.sign_in(
                form.email.data or "", form.password.data or "", device=device(), now=clock.now()
            )
        except Invalid as error:
            put_errors(form, error)
        else:
            if secret is not None:
                return welcome(secret)
            form.form_errors.append(_("Address or password are not right."))
    return render_template("accounts/sign_in.html", form=form), 422


@bp.post("/sign-out")
@signed_in
def sign_out() -> ResponseReturnValue:
    """End this sign-in."""
    person = current_person()
    if person is not None:
        services.end_sign_in(person.sign_in_id, actor=person.actor, now=clock.now())
    forget_visitor()
    return farewell(redirect(url_for("pages.home"), 303))


@bp.get("/sign-up")
@public
def sign_up() -> ResponseReturnValue:
    """Show the form for a new account."""
    return render_template("accounts/sign_up.html", form=SignUpForm())


@bp.post("/sign-up")
@public
@limiter.limit(MAIL)
def join() -> ResponseReturnValue:
    """Make an account that waits for its address to be confirmed."""
    form = SignUpForm(request.form)
    if form.validate():
        command = SignUp(
            name=form.name.data or "",
            email=form.email.data or "",
            password=form.password.data,
            language=language(),
        )
        try:
            services.sign_up(command, now=clock.now())
        except Invalid as error:
            put_errors(form, error)
        else:
            return render_template("accounts/sent.html", email=form.email.data, kind="confirm")
    return render_template("accounts/sign_up.html", form=form), 422


@bp.get("/forgotten-password")
@public
def forgotten() -> ResponseReturnValue:
    """Show the form that asks for a reset link."""
    return render_template("accounts/forgotten.html", form=AddressForm())


@bp.post("/forgotten-password")
@public
@limiter.limit(MAIL)
def ask_reset() -> ResponseReturnValue:
    """Send a reset link, if the address has an account; the answer does not say."""
    form = AddressForm(request.form)
    if not form.validate():
        return render_template("accounts/forgotten.html", form=form), 422
    services.ask_password_reset(form.email.data or "", now=clock.now())
    return render_template("accounts/sent.html", email=form.email.data, kind="reset")


@bp.post("/language")
@public
def set_language() -> ResponseReturnValue:
    """Keep the language that was chosen."""
    chosen = request.form.get("language", "")
    response = redirect(safe_path(request.form.get("next")), 303)
    if chosen not in LANGUAGES:
        flash(_("This language is not offered."), "warning")
        return response
    actor = current_actor()
    if actor.signed_in:
        services.set_language(chosen, actor=actor, now=clock.now())
    response.set_cookie(
        "labops_language",
        chosen,
        max_age=ONE_YEAR,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response
