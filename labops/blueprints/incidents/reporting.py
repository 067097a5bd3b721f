"""Reporting a fault from a phone, seeing one's report, and "me too"."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import FileField, Form, HiddenField, RadioField, validators

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.incident_messages import SEVERITIES
from labops.blueprints.incidents.base import (
    bp,
    found_incident,
    is_staff,
    nonce,
    photo_answer,
    sent_photo,
)
from labops.blueprints.machines.base import found_machine
from labops.blueprints.sites.base import found_site, put_errors
from labops.blueprints.sites.fields import Prose, needed
from labops.domain.incidents import queries, services
from labops.domain.incidents.services import LONGEST_TEXT, ReportFault
from labops.domain.incidents.states import Severity
from labops.domain.machines.queries import MachineView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Refused


class ReportForm(Form):
    """What is wrong, how bad, and a picture."""

    text = Prose(
        _l("What is wrong?"),
        [needed(), validators.Length(max=LONGEST_TEXT, message=_l("This is too long."))],
        description=_l("A few words are enough. Everybody can read them."),
    )
    severity = RadioField(_l("How bad is it?"), [needed()])
    photo = FileField(
        _l("Photo"),
        [validators.Optional()],
        description=_l("JPEG, PNG or WebP, up to 8 MiB. Only you and the staff see it."),
    )
    nonce = HiddenField()


def _form(formdata: object = None) -> ReportForm:
    form = ReportForm(formdata)  # type: ignore[arg-type]  # what Flask gives, or nothing
    form.severity.choices = [(one.value, SEVERITIES[one]) for one in Severity]
    form.nonce.data = nonce(form.nonce.data)
    return form


@bp.get("/machines/<slug>/report")
@signed_in
def new(slug: str) -> ResponseReturnValue:
    """Show the form, below what others reported already."""
    return _page(found_machine(slug), _form())


@bp.post("/machines/<slug>/report")
@signed_in
def report(slug: str) -> ResponseReturnValue:
    """Write the fault down; one that stops takes the machine out of service at once."""
    machine, form = found_machine(slug), _form(request.form)
    valid = form.validate()
    photo = sent_photo(form) if valid else ""
    if not valid or form.photo.errors:
        return _page(machine, form), 422
    command = ReportFault(
        machine=machine.slug,
        severity=Severity(form.severity.data),
        text=str(form.text.data),
        nonce=str(form.nonce.data),
        photo=photo,
    )
    try:
        uid = services.report(command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(machine, form), 422
    said = _("Thank you. The staff are told.")
    if command.severity is Severity.STOPS:
        said = _("Thank you. The machine is out of service now, and the staff are told.")
    flash(said, "success")
    return redirect(url_for(".show", incident=uid), 303)


@bp.get("/incidents/<incident>")
@signed_in
def show(incident: str) -> ResponseReturnValue:
    """Show a report, and to staff what they can do about it."""
    return incident_page(incident)


@bp.post("/incidents/<incident>/me-too")
@signed_in
def me_too(incident: str) -> ResponseReturnValue:
    """Say that one met the same fault."""
    found = found_incident(incident)
    try:
        services.met_too(found.uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return incident_page(incident, refused), 409
    flash(_("You will hear when it is solved."), "success")
    return redirect(url_for(".show", incident=found.uid), 303)


@bp.get("/incidents/<incident>/photo")
@signed_in
def photo(incident: str) -> ResponseReturnValue:
    """Answer with the photo of a report to its reporter and to staff."""
    found = found_incident(incident)
    if not current_actor().owns(found.reporter_id) and not is_staff(found.site_id):
        raise NotFound
    return photo_answer(found.photo)


def incident_page(uid: str, refused: Refused | Invalid | None = None) -> str:
    """Return the page of a report, with why the last act was refused."""
    from labops.blueprints.errors import reasons_of  # noqa: PLC0415 - errors needs every page

    found, session = found_incident(uid), reading()
    machine = found_machine(found.machine)
    staff = is_staff(found.site_id)
    others = queries.open_for_machine(session, found.machine_id)
    return render_template(
        "incidents/show.html",
        incident=found,
        machine=machine,
        site=found_site(machine.site),
        staff=staff,
        mine=current_actor().owns(found.reporter_id),
        followed=current_actor().person_id in queries.interested(session, found.uid),
        others=[one for one in others if one.uid != found.uid],
        severities=SEVERITIES,
        reasons=reasons_of(refused.problems) if refused else (),
    )


def _page(machine: MachineView, form: ReportForm) -> str:
    return render_template(
        "incidents/new.html",
        machine=machine,
        site=found_site(machine.site),
        form=form,
        known=queries.open_for_machine(reading(), machine.id),
        severities=SEVERITIES,
    )
