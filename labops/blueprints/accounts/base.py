"""What the account pages share."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form

from labops.blueprints import access
from labops.blueprints.errors import reasons_of
from labops.blueprints.paths import safe_path
from labops.blueprints.shell import forget_visitor
from labops.domain.people.services import Device
from labops.kernel.errors import Invalid

bp = Blueprint("accounts", __name__)
SIGN_IN_LASTS = timedelta(days=60)


def device() -> Device:
    """Return what the browser says of itself."""
    return Device(
        name=request.headers.get("User-Agent", "")[:200], address=request.remote_addr or ""
    )


def remember_way_back(wanted: str | None) -> None:
    """Keep where somebody wanted to go before signing in; the address bar cannot change it."""
    if wanted:
        session["way_back"] = safe_path(wanted)


def welcome(secret: str) -> AnyResponse:
    """Answer with the sign-in cookie and lead to where the person wanted to go."""
    way_back = session.get("way_back") or url_for("pages.home")
    forget_visitor()
    response = redirect(way_back, 303)
    response.set_cookie(
        access.cookie_name(),
        secret,
        max_age=int(SIGN_IN_LASTS.total_seconds()),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def farewell(response: AnyResponse) -> AnyResponse:
    """Take the sign-in cookie back."""
    response.delete_cookie(
        access.cookie_name(),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def put_errors(form: Form, error: Invalid) -> None:
    """Write a use case's objections under the fields they are about."""
    for problem, reason in zip(error.problems, reasons_of(error.problems), strict=False):
        name = str(problem.params.get("field", ""))
        if name in form:
            form[name].errors = [*form[name].errors, reason.detail]
        else:
            form.form_errors.append(reason.detail)
