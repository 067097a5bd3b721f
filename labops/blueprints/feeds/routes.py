"""The page of one's calendar addresses."""

from __future__ import annotations

from flask import Response, current_app, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from wtforms import Form, StringField, validators

from labops.adapters import qr
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import home_zone
from labops.blueprints.errors import reasons_of
from labops.blueprints.feeds.base import bp
from labops.domain.calendars import queries, services
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid

LABEL_LENGTH = 80
# What programs call themselves, and what people call them.
CLIENTS = (
    ("google", "Google Calendar"),
    ("dataaccessd", "Apple (iPhone, iPad)"),
    ("calendaragent", "Apple (Mac)"),
    ("macos", "Apple (Mac)"),
    ("ios/", "Apple (iPhone, iPad)"),
    ("thunderbird", "Thunderbird"),
    ("outlook", "Outlook"),
    ("microsoft", "Outlook"),
    ("davx5", "ICSx⁵"),
    ("icsx5", "ICSx⁵"),
)


class FeedForm(Form):
    """What to call a new address."""

    label = StringField(_l("Name"), [validators.Length(max=LABEL_LENGTH)])


@bp.get("/feeds")
@signed_in
def index() -> ResponseReturnValue:
    """Show the actor's addresses, without their secrets."""
    return _page(FeedForm())


@bp.post("/feeds")
@signed_in
def create() -> ResponseReturnValue:
    """Make an address and show it, this once."""
    form = FeedForm(request.form)
    if not form.validate():
        return _page(form), 422
    actor = current_actor()
    try:
        secret = services.open_feed(actor=actor, now=clock.now(), label=form.label.data or "")
    except Invalid as error:
        form.label.errors = [reason.detail for reason in reasons_of(error.problems)]
        return _page(form), 422
    response: Response = make_response(_page(FeedForm(), secret))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.post("/feeds/<uid>/revoke")
@signed_in
def revoke(uid: str) -> ResponseReturnValue:
    """Make an address answer "not found" from now on."""
    services.revoke_feed(uid, actor=current_actor(), now=clock.now())
    flash(_("Revoked. Calendars that use this address will see no changes any more."), "success")
    return redirect(address_of(".index"), 303)


def _page(form: FeedForm, secret: str = "") -> str:
    person_id = current_actor().require_person()
    address = webcal = code = ""
    if secret:
        root = current_app.config["LABOPS"].public_url
        address = f"{root}/feeds/{secret}.ics"
        webcal = f"webcal://{root.partition('://')[2]}/feeds/{secret}.ics"
        code = Markup(qr.svg(webcal, title=_("Code of this address")))  # noqa: S704 - our own SVG
    return render_template(
        "feeds/index.html",
        form=form,
        feeds=queries.of_person(reading(), person_id),
        address=address,
        webcal=webcal,
        code=code,
        client_name=_client_name,
        zone=home_zone(current_actor()),
    )


def _client_name(told: str) -> str:
    """Return what people call the program that fetched the feed."""
    plain = told.lower()
    return next((name for part, name in CLIENTS if part in plain), told[:60])
