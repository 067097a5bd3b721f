"""A firm's people: invited, given a role, leaving; and the hat that one wears."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, current_person, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.firms.base import bp, seen_firm
from labops.blueprints.firms.describing import page
from labops.blueprints.firms.forms import InviteForm
from labops.blueprints.sites.base import key, put_errors
from labops.domain.firms import hats, people
from labops.domain.firms.states import FirmRole
from labops.kernel import clock
from labops.kernel.errors import Invalid, NotFound, Refused


@bp.post("/firms/<firm_uid>/invitations")
@signed_in
def invite(firm_uid: str) -> ResponseReturnValue:
    """Invite an address to the firm."""
    firm, form = seen_firm(firm_uid), InviteForm(request.form)
    if not firm.speaks:
        raise NotFound
    try:
        if not form.validate():
            return page(firm, form, 422)
        role = FirmRole(form.role.data)
        people.invite(firm.uid, form.email.data or "", role, actor=current_actor(), now=clock.now())
    except Invalid as error:
        put_errors(form, error.problems)
        return page(firm, form, 422)
    except Refused as refused:
        form.form_errors.extend(reason.detail for reason in reasons_of(refused.problems))
        return page(firm, form, 409)
    flash(_("The invitation is on its way."), "success")
    return redirect(url_for(".show", firm_uid=firm.uid), 303)


@bp.post("/firms/<firm_uid>/invitations/<invitation>/take-back")
@signed_in
def take_back(firm_uid: str, invitation: str) -> ResponseReturnValue:
    """Take an invitation back."""
    firm = seen_firm(firm_uid)
    people.take_back(firm.uid, key(invitation), actor=current_actor(), now=clock.now())
    flash(_("The invitation is taken back."), "success")
    return redirect(url_for(".show", firm_uid=firm.uid), 303)


@bp.post("/firms/<firm_uid>/people/<person>/role")
@signed_in
def give_role(firm_uid: str, person: str) -> ResponseReturnValue:
    """Let somebody speak for the firm, or no longer."""
    firm = seen_firm(firm_uid)
    try:
        role = FirmRole(request.form.get("role", ""))
    except ValueError as error:
        raise NotFound from error
    try:
        people.give_role(firm.uid, key(person), role, actor=current_actor(), now=clock.now())
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return page(firm, status=409)
    flash(_("Saved."), "success")
    return redirect(url_for(".show", firm_uid=firm.uid), 303)


@bp.post("/firms/<firm_uid>/people/<person>/leave")
@signed_in
def leave(firm_uid: str, person: str) -> ResponseReturnValue:
    """Leave the firm, or take a colleague out of it."""
    firm = seen_firm(firm_uid)
    try:
        people.leave(firm.uid, key(person), actor=current_actor(), now=clock.now())
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return page(firm, status=409)
    flash(_("Saved."), "success")
    me = current_person()
    gone = me is not None and me.uid == person
    return redirect(url_for(".index") if gone else url_for(".show", firm_uid=firm.uid), 303)


@bp.post("/hat")
@signed_in
def put_on() -> ResponseReturnValue:
    """Act under a firm's name on this device, or under one's own again."""
    person = current_person()
    if person is None:  # a program with a token names the firm each time
        raise NotFound
    firm = key(request.form.get("firm", ""))
    hats.put_on(person.sign_in_id, firm, actor=current_actor(), now=clock.now())
    flash(
        _("What you book now is the firm's.") if firm else _("What you book now is your own."),
        "success",
    )
    return redirect(url_for(".show", firm_uid=firm) if firm else url_for(".index"), 303)
