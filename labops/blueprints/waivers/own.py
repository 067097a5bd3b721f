"""What one has signed and has to sign; for minors, who signs for them."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, StringField
from wtforms.validators import Email, InputRequired, Length

from labops.adapters.markdown import safe_html
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import home_zone
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.sites.base import found_site, key, put_errors
from labops.blueprints.waivers.base import (
    SignForm,
    bp,
    receipt_answer,
    signing_of,
    today,
)
from labops.domain.people import queries as people
from labops.domain.people.ages import is_minor
from labops.domain.waivers import guardians, queries, services
from labops.domain.waivers.queries import VersionView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Refused


class GuardianForm(Form):
    """Who answers for a minor."""

    name = StringField(_l("Name and surname of the adult"), [InputRequired(), Length(max=120)])
    email = StringField(
        _l("Their e-mail address"),
        [InputRequired(), Email(_l("This is not an e-mail address.")), Length(max=254)],
    )


@bp.get("/waivers")
@signed_in
def mine() -> ResponseReturnValue:
    """Show what is to sign, what is signed, and for a minor the guardian."""
    return _mine(GuardianForm(), 200)


@bp.post("/waivers/guardian")
@signed_in
def invite_guardian() -> ResponseReturnValue:
    """Ask an adult by mail."""
    form = GuardianForm(request.form)
    if not form.validate():
        return _mine(form, 422)
    try:
        guardians.invite(
            form.name.data or "",
            form.email.data or "",
            today=today(),
            actor=current_actor(),
            now=clock.now(),
        )
    except Invalid as error:
        put_errors(form, error.problems)
        return _mine(form, 422)
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return redirect(url_for(".mine"), 303)
    flash(_("A mail with a link is on its way to them."), "success")
    return redirect(url_for(".mine"), 303)


@bp.get("/sites/<slug>/waivers/<waiver>/<int:number>/sign")
@signed_in
def read(slug: str, waiver: str, number: int) -> ResponseReturnValue:
    """Show the whole text, and where to sign."""
    version = _published(slug, waiver, number)
    return _sign_page(version, SignForm(data={"digest": version.digest}), 200)


@bp.post("/sites/<slug>/waivers/<waiver>/<int:number>/sign")
@signed_in
def sign(slug: str, waiver: str, number: int) -> ResponseReturnValue:
    """Sign."""
    version = _published(slug, waiver, number)
    form = SignForm(request.form)
    if not form.validate():
        return _sign_page(version, form, 422)
    try:
        services.sign(
            signing_of(form, version), today=today(), actor=current_actor(), now=clock.now()
        )
    except Invalid as error:
        put_errors(form, error.problems)
        return _sign_page(version, form, 422)
    except Refused as refused:
        form.form_errors.append(reasons_of(refused.problems)[0].detail)
        return _sign_page(version, form, 409)
    flash(_("Signed. The receipt stands with the text."), "success")
    return redirect(url_for(".mine"), 303)


@bp.get("/signatures/<uid>.pdf")
@signed_in
def receipt(uid: str) -> Response:
    """Answer with the receipt, for its signer and the staff of its site."""
    return receipt_answer(queries.signature(reading(), uid, current_actor()))


def _published(slug: str, waiver: str, number: int) -> VersionView:
    site = found_site(slug)
    version = queries.version(reading(), site.id, key(waiver), number)
    if version.published_at is None:
        raise NotFound
    return version


def _sign_page(version: VersionView, form: SignForm, status: int) -> ResponseReturnValue:
    page = render_template(
        "waivers/sign.html",
        version=version,
        title=version.title(language()),
        text=safe_html(version.text(language())),
        form=form,
    )
    return page, status


def _mine(form: GuardianForm, status: int) -> ResponseReturnValue:
    actor, session = current_actor(), reading()
    person_id = actor.require_person()
    person = people.seen_by(session, actor.label.removeprefix("person:"), actor)
    page = render_template(
        "waivers/mine.html",
        papers=queries.to_sign(session, person_id, today=today()),
        signatures=queries.signatures_of(session, person_id),
        minor=is_minor(person.born_on, today()),
        born_known=person.born_on is not None,
        guardians=queries.guardians_of(session, person_id),
        form=form,
        language=language(),
        today=today(),
        zone=home_zone(actor),
    )
    return page, status
