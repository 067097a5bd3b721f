"""The machines of a lab, with models proposed from the catalogue."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.access import signed_in
from labops.blueprints.labs.base import bp, offered
from labops.blueprints.labs.editing import on_lab, own_lab
from labops.blueprints.labs.machine_forms import LabMachineForm
from labops.blueprints.sites.base import asked, put_errors
from labops.domain.labs import catalogue, equipment
from labops.domain.labs.queries import OwnView
from labops.domain.labs.views import MachineView
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Refused


@bp.get("/labs/<slug>/machines")
@signed_in
def machines(slug: str) -> ResponseReturnValue:
    """List the lab's machines, and the models that fit the words of the address."""
    lab = own_lab(slug)
    return render_template(
        "labs/machines.html",
        lab=lab,
        language=formats.language(),
        words=asked("q"),
        proposed=catalogue.proposed(reading(), asked("q")),
    )


@bp.get("/labs/<slug>/machines/new")
@signed_in
def new_machine(slug: str) -> ResponseReturnValue:
    """Show the form for one more machine, filled in from a model of the catalogue."""
    lab = own_lab(slug)
    number = asked("model")
    known = number.isascii() and number.isdecimal() and len(number) < 10  # noqa: PLR2004
    model = catalogue.model_of(reading(), int(number)) if known else None
    form = LabMachineForm.of_model(model) if model else LabMachineForm(data={"count": 1})
    return _page(lab, form)


@bp.post("/labs/<slug>/machines/new")
@signed_in
def add_machine(slug: str) -> ResponseReturnValue:
    """Add a machine."""
    lab = own_lab(slug)
    form = LabMachineForm(request.form)
    if not form.validate():
        return _page(lab, form), 422
    try:
        equipment.add_machine(command=form.to_command(), **on_lab(lab))
    except (Invalid, Refused) as refused:
        put_errors(form, refused.problems)
        return _page(lab, form), 422
    flash(_("The machine was added."), "success")
    return redirect(url_for(".machines", slug=slug), 303)


@bp.get("/labs/<slug>/machines/<uid>")
@signed_in
def machine(slug: str, uid: str) -> ResponseReturnValue:
    """Show the form of a machine."""
    lab = own_lab(slug)
    found = _found(lab, uid)
    return _page(lab, LabMachineForm.of(found), found)


@bp.post("/labs/<slug>/machines/<uid>")
@signed_in
def save_machine(slug: str, uid: str) -> ResponseReturnValue:
    """Save a machine."""
    lab = own_lab(slug)
    found = _found(lab, uid)
    form = LabMachineForm(request.form)
    if not form.validate():
        return _page(lab, form, found), 422
    try:
        equipment.change_machine(uid=found.uid, command=form.to_command(), **on_lab(lab))
    except (Invalid, Refused) as refused:
        put_errors(form, refused.problems)
        return _page(lab, form, found), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".machines", slug=slug), 303)


@bp.post("/labs/<slug>/machines/<uid>/remove")
@signed_in
def remove_machine(slug: str, uid: str) -> ResponseReturnValue:
    """Take a machine off the lab's page."""
    lab = own_lab(slug)
    equipment.remove_machine(uid=_found(lab, uid).uid, **on_lab(lab))
    flash(_("The machine was removed."), "success")
    return redirect(url_for(".machines", slug=slug), 303)


def _found(lab: OwnView, uid: str) -> MachineView:
    for each in lab.public.machines:
        if each.uid == uid and not each.slug:  # those of our sites are changed in the inventory
            return each
    raise NotFound


def _page(lab: OwnView, form: LabMachineForm, machine: MachineView | None = None) -> str:
    return render_template(
        "labs/machine.html", lab=lab, form=form, machine=machine, materials=offered().materials
    )
