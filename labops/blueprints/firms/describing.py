"""Firms listed, founded, shown and described."""

from __future__ import annotations

from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, current_person, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.firms import base
from labops.blueprints.firms.base import bp, seen_firm
from labops.blueprints.firms.forms import FirmForm, InviteForm
from labops.blueprints.sites.base import asked, put_errors
from labops.domain.bookings import of_firm
from labops.domain.firms import queries, services
from labops.domain.firms.commands import DescribeFirm
from labops.domain.firms.queries import FirmView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Refused
from labops.kernel.permissions import Permission

LOOK_BACK = timedelta(days=31)


@bp.get("/firms")
@signed_in
def index() -> ResponseReturnValue:
    """List one's own firms; for staff and officers, every firm."""
    actor, session = current_actor(), reading()
    sees_all = actor.may_somewhere(Permission.FIRM_SEE)
    words = asked("q")
    every = queries.firms(session, actor, words) if sees_all else []
    return render_template(
        "firms/index.html",
        own=queries.hats_of(session, actor.require_person()),
        every=every,
        counts=queries.counts(session, [firm.id for firm in every]),
        sees_all=sees_all,
        words=words,
        flags=base.FLAGS,
        worn=_worn(),
    )


@bp.get("/firms/new")
@signed_in
def new() -> ResponseReturnValue:
    """Show the form for a firm."""
    return render_template("firms/edit.html", form=FirmForm(), firm=None)


@bp.post("/firms")
@signed_in
def found() -> ResponseReturnValue:
    """Write down a firm for which one speaks."""
    form = FirmForm(request.form)
    try:
        if form.validate():
            uid = services.found(_command(form), actor=current_actor(), now=clock.now())
            flash(_("The firm is written down. We have sent a link to its address."), "success")
            return redirect(url_for(".show", firm_uid=uid), 303)
    except Invalid as error:
        put_errors(form, error.problems)
    except Refused as refused:
        form.form_errors.extend(reason.detail for reason in reasons_of(refused.problems))
        return render_template("firms/edit.html", form=form, firm=None), 409
    return render_template("firms/edit.html", form=form, firm=None), 422


@bp.get("/firms/<firm_uid>")
@signed_in
def show(firm_uid: str) -> ResponseReturnValue:
    """Show a firm: who works there, who is invited, what was booked under its name."""
    return page(seen_firm(firm_uid))


@bp.get("/firms/<firm_uid>/edit")
@signed_in
def edit(firm_uid: str) -> ResponseReturnValue:
    """Show the form of a firm, filled."""
    firm = _spoken_for(firm_uid)
    data = {name: getattr(firm, name) for name in FirmForm()._fields}
    form = FirmForm(data=data | {"municipio": str(firm.municipio or "")})
    return render_template("firms/edit.html", form=form, firm=firm)


@bp.post("/firms/<firm_uid>")
@signed_in
def describe(firm_uid: str) -> ResponseReturnValue:
    """Write down what the firm is now."""
    firm, form = _spoken_for(firm_uid), FirmForm(request.form)
    try:
        if form.validate():
            services.describe(firm.uid, _command(form), actor=current_actor(), now=clock.now())
            flash(_("Saved."), "success")
            return redirect(url_for(".show", firm_uid=firm.uid), 303)
    except Invalid as error:
        put_errors(form, error.problems)
    except Refused as refused:
        form.form_errors.extend(reason.detail for reason in reasons_of(refused.problems))
        return render_template("firms/edit.html", form=form, firm=firm), 409
    return render_template("firms/edit.html", form=form, firm=firm), 422


@bp.post("/firms/<firm_uid>/proof")
@signed_in
def ask_for_proof(firm_uid: str) -> ResponseReturnValue:
    """Send the mail again that proves the firm's address."""
    services.ask_for_proof(seen_firm(firm_uid).uid, actor=current_actor(), now=clock.now())
    flash(_("We have sent the link to the firm's address."), "success")
    return redirect(url_for(".show", firm_uid=firm_uid), 303)


def page(
    firm: FirmView, invite: InviteForm | None = None, status: int = 200
) -> ResponseReturnValue:
    """Draw a firm's page; `invite` is the form that came back with errors."""
    session, now = reading(), clock.now()
    person = current_person()
    speaks_or_staff = firm.speaks or firm.role is None
    html = render_template(
        "firms/show.html",
        firm=firm,
        colleagues=queries.colleagues(session, firm.id),
        invitations=queries.open_invitations(session, firm.id) if firm.speaks else [],
        bookings=of_firm.bookings_of(session, firm.id, since=now - LOOK_BACK)
        if speaks_or_staff
        else [],
        invite=invite or InviteForm(),
        me=person.uid if person else "",
        worn=_worn(),
        roles=base.ROLES,
        sizes=base.SIZES,
        flags=base.FLAGS,
    )
    return html, status


def _worn() -> str:
    person = current_person()
    return person.firm_uid if person else ""


def _spoken_for(firm_uid: str) -> FirmView:
    firm = seen_firm(firm_uid)
    if not firm.speaks:
        raise NotFound
    return firm


def _command(form: FirmForm) -> DescribeFirm:
    said = {name: field.data or "" for name, field in form._fields.items()}
    number = str(said.pop("municipio"))
    return DescribeFirm(
        **said | {"flags": tuple(form.flags.data or ())},
        municipio=int(number) if number else None,
    )
