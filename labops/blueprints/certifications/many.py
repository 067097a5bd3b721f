"""Certifying everybody who passed a course, for staff and for the trainers of a machine type."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.certifications.base import bp
from labops.blueprints.certifications.forms import ManyForm
from labops.blueprints.formats import language
from labops.blueprints.sites.base import put_errors
from labops.domain.certifications import rights
from labops.domain.certifications.many import CertifyMany, certify_many
from labops.domain.certifications.queries import local_today
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound


@bp.get("/certifications/many")
@signed_in
def many() -> ResponseReturnValue:
    """Show the form; for whoever may certify for some machine type."""
    form = _offered(ManyForm(evidence=_("Course")))
    form.starts_on.data = local_today(reading(), now=clock.now())
    form.machine_type.data = request.args.get("type", "")
    return _page(form)


@bp.post("/certifications/many")
@signed_in
def certify() -> ResponseReturnValue:
    """Certify them all, or none when an address is unknown."""
    form = _offered(ManyForm(request.form))
    if not form.validate() or form.starts_on.data is None:
        return _page(form), 422
    command = CertifyMany(
        addresses=form.named(),
        machine_type=form.machine_type.data,
        level=form.level.data or 1,
        starts_on=form.starts_on.data,
        ends_on=form.ends_on.data,
        evidence=form.evidence.data or "",
    )
    try:
        count = certify_many(command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(form), 422
    words = ngettext("One person is certified.", "%(num)d people are certified.", count)
    flash(words, "success")
    return redirect(url_for(".many"), 303)


def _page(form: ManyForm) -> str:
    return render_template("certifications/many.html", form=form)


def _offered(form: ManyForm) -> ManyForm:
    """Fill in the machine types; raises `NotFound` for whoever may certify for none."""
    types = rights.types_to_certify(reading(), current_actor())
    if not types:
        raise NotFound
    form.machine_type.choices = [
        (kind.slug, kind.name_it if language() == "it" else kind.name_en) for kind in types
    ]
    return form
