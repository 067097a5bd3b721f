"""Writing to many: composed, looked at, sent; and what became of it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import current_actor, requires
from labops.blueprints.circulars.base import bp
from labops.blueprints.circulars.forms import NEWS, SERVICE, CircularForm
from labops.blueprints.people.filtering import address_of, in_words, own_site, read_choice
from labops.blueprints.sites.base import put_errors
from labops.domain.circulars import queries, services
from labops.domain.circulars.queries import Audience
from labops.domain.circulars.services import SendCircular
from labops.domain.people.selecting import Choice
from labops.domain.sites.queries import all_sites, find_site
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission


@bp.get("/")
@requires(Permission.CIRCULAR_SEND)
def index() -> ResponseReturnValue:
    """List the latest circulars."""
    found = queries.listed(reading(), current_actor())
    return render_template("circulars/index.html", circulars=found)


@bp.get("/new")
@requires(Permission.CIRCULAR_SEND)
def compose() -> ResponseReturnValue:
    """Show the form of a letter to the people whom the address chooses."""
    choice = _choice()
    form = _offered(CircularForm(site=choice.site))
    return _page(form, choice, 200)


@bp.post("/new")
@requires(Permission.CIRCULAR_SEND)
def send() -> ResponseReturnValue:
    """Show how the letter reads and who gets it; with `act=send`, send it."""
    choice, now, actor = _choice(), clock.now(), current_actor()
    form = _offered(CircularForm(request.form))
    if not form.validate():
        return _page(form, choice, 422)
    command = _command(form, choice)
    try:
        if request.form.get("act") == "send":
            uid = services.send(command, actor=actor, now=now)
            flash(_("The circular is on its way."), "success")
            return redirect(url_for(".show", circular=uid), 303)
        if request.form.get("act") == "change":
            return _page(form, choice, 200)
        audience = services.look_at(command, actor=actor, now=now)
    except Invalid as error:
        put_errors(form, error.problems)
        return _page(form, choice, 422)
    return _page(form, choice, 200, audience)


@bp.get("/<circular>")
@requires(Permission.CIRCULAR_SEND)
def show(circular: str) -> ResponseReturnValue:
    """Show a circular and what became of its letters."""
    found = queries.by_uid(reading(), circular, current_actor())
    return render_template(
        "circulars/show.html", circular=found, filters=in_words(Choice.read(found.choice))
    )


def _choice() -> Choice:
    return own_site(read_choice(), Permission.CIRCULAR_SEND)


def _offered(form: CircularForm) -> CircularForm:
    actor = current_actor()
    form.site.choices = [
        (site.slug, site.name)
        for site in all_sites(reading())
        if actor.may(Permission.CIRCULAR_SEND, site.id)
    ]
    return form


def _command(form: Form, choice: Choice) -> SendCircular:
    site = find_site(reading(), form["site"].data)
    if site is None:
        raise NotFound
    texts = {
        name: form[name].data or "" for name in ("subject_it", "body_it", "subject_en", "body_en")
    }
    return SendCircular(
        site_id=site.id, choice=choice, about_service=form["about"].data == SERVICE, **texts
    )


def _page(
    form: CircularForm, choice: Choice, status: int, audience: Audience | None = None
) -> ResponseReturnValue:
    page = render_template(
        "circulars/compose.html",
        form=form,
        choice=choice,
        filters=in_words(choice),
        address=address_of(choice),
        audience=audience,
        is_news=form.about.data == NEWS,
    )
    return page, status
