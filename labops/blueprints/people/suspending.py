"""What staff do with a person's certifications besides granting them."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.people.base import bp
from labops.blueprints.people.forms import SuspendCertificationForm
from labops.blueprints.people.routes import person_page
from labops.blueprints.sites.base import put_errors
from labops.domain.certifications import services
from labops.domain.certifications.services import Suspend
from labops.kernel import clock
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission


@bp.post("/<uid>/certifications/suspend")
@requires(Permission.CERTIFICATION_GRANT)
def suspend_certification(uid: str) -> ResponseReturnValue:
    """Let what the person has for a machine type not count, from today on."""
    form = SuspendCertificationForm(request.form)
    if not form.validate():
        return person_page(uid, {"suspend_certification": form}, 422)
    command = Suspend(
        person_uid=uid,
        machine_type=form.machine_type.data or "",
        reason=form.reason.data or "",
        ends_on=form.ends_on.data,
    )
    try:
        services.suspend(command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return person_page(uid, {"suspend_certification": form}, 422)
    flash(_("The certification is suspended."), "success")
    return redirect(url_for("people.show", uid=uid, _anchor="certifications"), 303)


@bp.post("/<uid>/certifications/resume")
@requires(Permission.CERTIFICATION_GRANT)
def resume_certification(uid: str) -> ResponseReturnValue:
    """Let it count again from today on."""
    try:
        services.resume(
            uid,
            request.form.get("machine_type", ""),
            reason=request.form.get("reason", ""),
            actor=current_actor(),
            now=clock.now(),
        )
    except Invalid as invalid:
        flash(reasons_of(invalid.problems)[0].detail, "warning")
        return person_page(uid, status=422)
    flash(_("The certification counts again."), "success")
    return redirect(url_for("people.show", uid=uid, _anchor="certifications"), 303)
