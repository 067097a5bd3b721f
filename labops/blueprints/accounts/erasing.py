"""Having oneself erased, and taking it back."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.accounts.base import bp
from labops.blueprints.errors import reasons_of
from labops.domain.erasure import services
from labops.kernel import clock
from labops.kernel.errors import Refused


@bp.post("/profile/erase")
@signed_in
def ask_erasure() -> ResponseReturnValue:
    """Have everything that tells of oneself erased in a week."""
    try:
        services.ask(actor=current_actor(), now=clock.now())
    except Refused as refused:
        flash(reasons_of(refused.problems)[0].detail, "warning")
    else:
        flash(_("You will be erased in a week. Until then you can take it back here."), "success")
    return redirect(url_for("accounts.profile", _anchor="erase"), 303)


@bp.post("/profile/erase/take-back")
@signed_in
def take_back_erasure() -> ResponseReturnValue:
    """Stay."""
    services.take_back(actor=current_actor(), now=clock.now())
    flash(_("You stay: nothing is erased."), "success")
    return redirect(url_for("accounts.profile"), 303)
