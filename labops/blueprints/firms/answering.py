"""What mailed links of firms lead to: an address to prove, an invitation to accept."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import links
from labops.blueprints.access import current_actor, public, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.firms.base import ROLES, bp
from labops.domain.firms import people, queries, services
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound, Refused


@bp.get("/t/<token>/firm-mail")
@public
def proof(token: str) -> ResponseReturnValue:
    """Ask for one press, since mail programs open links by themselves."""
    uid, email = links.read_firm_mail(token)
    firm = queries.told(reading(), uid)
    if firm is None or firm.email != email:
        raise NotFound
    return render_template("firms/proof.html", firm=firm, token=token)


@bp.post("/t/<token>/firm-mail")
@public
def proven(token: str) -> ResponseReturnValue:
    """Note that the address is the firm's."""
    uid, email = links.read_firm_mail(token)
    services.prove(uid, email, now=clock.now())
    flash(_("The address of the firm is confirmed."), "success")
    return redirect(url_for(".show", firm_uid=uid), 303)


@bp.get("/t/<token>/firm-invitation")
@public
def invitation(token: str) -> ResponseReturnValue:
    """Show who invites to which firm; joining needs an account."""
    return _invitation(token)


@bp.post("/t/<token>/firm-invitation")
@signed_in
def accept(token: str) -> ResponseReturnValue:
    """Join the firm."""
    uid = links.read_firm_invitation(token)
    try:
        firm = people.accept(uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
        return _invitation(token), 409
    flash(_("You work in the firm now. Put its hat on to book under its name."), "success")
    return redirect(url_for(".show", firm_uid=firm), 303)


def _invitation(token: str) -> str:
    return render_template(
        "firms/invitation.html",
        invitation=queries.invitation(reading(), links.read_firm_invitation(token)),
        token=token,
        roles=ROLES,
        signed_in=current_actor().signed_in,
    )
