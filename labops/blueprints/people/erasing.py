"""Erasing a person, by an admin."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.people.base import bp
from labops.blueprints.people.routes import person_page
from labops.domain.erasure import services
from labops.kernel import clock
from labops.kernel.errors import Invalid, Refused
from labops.kernel.permissions import Permission


@bp.post("/<uid>/erase")
@requires(Permission.PERSON_ERASE)
def erase(uid: str) -> ResponseReturnValue:
    """Have the person erased within minutes, with a reason."""
    reason = request.form.get("reason", "")
    try:
        services.order(uid, reason=reason, actor=current_actor(), now=clock.now())
    except Invalid as error:
        return person_page(uid, status=422, erase_error=reasons_of(error.problems)[0].detail)
    except Refused as refused:
        return person_page(uid, status=409, erase_error=reasons_of(refused.problems)[0].detail)
    flash(_("The person is erased within two minutes."), "success")
    return redirect(url_for("people.show", uid=uid), 303)
