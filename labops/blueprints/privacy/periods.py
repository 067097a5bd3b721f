"""For how long this installation keeps things, for whoever answers for it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form, IntegerField
from wtforms.validators import InputRequired, NumberRange

from labops.blueprints.access import current_actor, requires
from labops.blueprints.accounts.base import put_errors
from labops.blueprints.privacy import words
from labops.blueprints.privacy.base import bp
from labops.domain.privacy import retention, services
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission


def _field(name: str) -> IntegerField:
    kind = retention.KINDS[name]
    return IntegerField(
        words.PERIODS[name],
        [InputRequired(), NumberRange(kind.least, kind.most)],
        render_kw={"min": kind.least, "max": kind.most, "inputmode": "numeric"},
    )


class PeriodsForm(Form):
    """Days for each kind."""

    bookings = _field("bookings")
    audit = _field("audit")
    looks = _field("looks")
    tokens = _field("tokens")


@bp.get("/retention")
@requires(Permission.RETENTION_EDIT)
def periods() -> ResponseReturnValue:
    """Show the periods, and how much is older today."""
    return _page(PeriodsForm(data=retention.periods(reading())), 200)


@bp.post("/retention")
@requires(Permission.RETENTION_EDIT)
def change_periods() -> ResponseReturnValue:
    """Keep other periods."""
    form = PeriodsForm(request.form)
    if form.validate():
        try:
            services.keep_for(form.data, actor=current_actor(), now=clock.now())
        except Invalid as error:
            put_errors(form, error)
        else:
            flash(_("Saved. What is older goes with the next night's run."), "success")
            return redirect(url_for(".periods"), 303)
    return _page(form, 422)


def _page(form: PeriodsForm, status: int) -> ResponseReturnValue:
    too_old = retention.enforce(now=clock.now(), dry_run=True)
    page = render_template(
        "privacy/periods.html",
        form=form,
        kinds=retention.KINDS,
        names=words.PERIODS,
        too_old=too_old,
    )
    return page, status
