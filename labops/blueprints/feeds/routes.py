"""The page of one's calendar addresses."""

from __future__ import annotations

from flask import Response, current_app, flash, make_response, redirect, render_template, request
from flask import url_for as address_of
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from labops.adapters import qr
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import home_zone
from labops.blueprints.feeds.base import bp
from labops.blueprints.feeds.clients import client_name
from labops.blueprints.feeds.forms import FeedForm, kind_in_words
from labops.blueprints.sites.base import asked, put_errors
from labops.domain.calendars import queries, services
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission


@bp.get("/feeds")
@signed_in
def index() -> ResponseReturnValue:
    """Show the actor's addresses, without their secrets; `scope` chooses what the form offers."""
    wanted = asked("scope")
    form = FeedForm(data={"scope": wanted})
    form.offer(current_actor())
    return _page(form, refused=bool(wanted) and not form.offers(wanted))


@bp.post("/feeds")
@signed_in
def create() -> ResponseReturnValue:
    """Make an address and show it, this once."""
    actor = current_actor()
    form = FeedForm(request.form)
    form.offer(actor)
    if not form.validate():
        return _page(form), 422
    try:
        secret = services.open_feed(actor=actor, now=clock.now(), wish=form.to_command())
    except Invalid as error:
        put_errors(form, error.problems)
        return _page(form), 422
    fresh = FeedForm()
    fresh.offer(actor)
    response: Response = make_response(_page(fresh, secret))
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


def _page(form: FeedForm, secret: str = "", *, refused: bool = False) -> str:
    actor = current_actor()
    address = webcal = code = ""
    if secret:
        root = current_app.config["LABOPS"].public_url
        address = f"{root}/feeds/{secret}.ics"
        webcal = f"webcal://{root.partition('://')[2]}/feeds/{secret}.ics"
        code = Markup(qr.svg(webcal, title=_("Code of this address")))  # noqa: S704 - our own SVG
    return render_template(
        "feeds/index.html",
        form=form,
        refused=refused,
        feeds=queries.of_person(reading(), actor.require_person(), now=clock.now()),
        address=address,
        webcal=webcal,
        code=code,
        client_name=client_name,
        kind_in_words=kind_in_words,
        names_offered=actor.may_somewhere(Permission.BOOKING_SEE_NAMES),
        zone=home_zone(actor),
    )
