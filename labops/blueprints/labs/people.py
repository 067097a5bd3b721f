"""Who speaks for a lab."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, current_person, signed_in
from labops.blueprints.labs.base import bp
from labops.blueprints.labs.editing import on_lab, own_lab
from labops.blueprints.labs.forms import RepresentativeForm
from labops.blueprints.labs.words import role_name
from labops.blueprints.sites.base import key, put_errors
from labops.domain.labs import representatives
from labops.domain.labs.queries import OwnView
from labops.domain.labs.rights import may_name, today
from labops.domain.labs.states import RepresentativeRole
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Refused
from labops.kernel.permissions import Permission


@bp.get("/labs/<slug>/people")
@signed_in
def people(slug: str) -> ResponseReturnValue:
    """List whoever speaks or spoke for the lab, and the form for one more."""
    return _page(own_lab(slug), RepresentativeForm())


@bp.post("/labs/<slug>/people")
@signed_in
def name_person(slug: str) -> ResponseReturnValue:
    """Let somebody speak for the lab."""
    lab = own_lab(slug)
    form = RepresentativeForm(request.form)
    if not form.validate():
        return _page(lab, form), 422
    try:
        representatives.name_representative(
            email=str(form.email.data), role=RepresentativeRole(form.role.data), **on_lab(lab)
        )
    except (Invalid, Refused) as refused:
        put_errors(form, refused.problems)
        return _page(lab, form), 409 if isinstance(refused, Refused) else 422
    flash(_("From now on they speak for the lab."), "success")
    return redirect(url_for(".people", slug=slug), 303)


@bp.post("/labs/<slug>/people/<uid>/end")
@signed_in
def end_person(slug: str, uid: str) -> ResponseReturnValue:
    """Let somebody speak for the lab no more."""
    lab = own_lab(slug)
    try:
        representatives.end_representative(person_uid=key(uid), **on_lab(lab))
    except Refused as refused:
        form = RepresentativeForm()
        put_errors(form, refused.problems)
        return _page(lab, form), 409
    flash(_("They speak for the lab no more."), "success")
    still = current_actor().may(Permission.LAB_EDIT, None) or not _is_me(uid)
    return redirect(url_for(".people", slug=slug) if still else url_for(".mine"), 303)


def _page(lab: OwnView, form: RepresentativeForm) -> str:
    session, now = reading(), clock.now()
    return render_template(
        "labs/people.html",
        lab=lab,
        form=form,
        people=representatives.of_lab(session, lab.public.id),
        role_name=role_name,
        today=today(now),
        may_name=may_name(session, lab.public.id, current_actor(), now=now),
        is_me=_is_me,
    )


def _is_me(uid: str) -> bool:
    person = current_person()
    return person is not None and person.uid == uid
