"""Declared interests: a case of a lab in which one has an interest is not there for one."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form

from labops.blueprints.access import current_actor, requires
from labops.blueprints.review.base import bp
from labops.blueprints.sites.base import key, put_errors
from labops.blueprints.sites.fields import Words, needed
from labops.domain.applications import interests
from labops.domain.applications.working_days import ZONE
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission


class InterestForm(Form):
    """In which lab, and why."""

    lab = Words(_l("Lab"), [needed()], description=_l("The last part of the address of its page."))
    reason = Words(_l("Reason"), [needed()])


@bp.get("/review/interests")
@requires(Permission.APPLICATION_SEE)
def interests_page() -> ResponseReturnValue:
    """List the interests that were declared."""
    return _page(InterestForm(request.args))


@bp.post("/review/interests")
@requires(Permission.APPLICATION_SEE)
def declare() -> ResponseReturnValue:
    """Declare one: from now on one cannot open that lab's case."""
    form = InterestForm(request.form)
    if not form.validate():
        return _page(form), 422
    try:
        interests.declare(
            form.lab.data or "", form.reason.data or "", actor=current_actor(), now=clock.now()
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(form), 422
    flash(_("Declared. The case of this lab is closed to you now."), "success")
    return redirect(url_for(".interests_page"), 303)


@bp.post("/review/interests/<interest>/end")
@requires(Permission.APPLICATION_SEE)
def end(interest: str) -> ResponseReturnValue:
    """Note that a colleague's interest is over."""
    interests.end(key(interest), actor=current_actor(), now=clock.now())
    flash(_("The interest is over."), "success")
    return redirect(url_for(".interests_page"), 303)


def _page(form: InterestForm) -> str:
    return render_template(
        "review/interests.html", form=form, interests=interests.listed(reading()), zone=ZONE
    )
