"""What staff change about a machine of their site."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import photos
from labops.blueprints import formats
from labops.blueprints.access import current_actor, requires
from labops.blueprints.machines.base import bp, found_machine, staffed_machine
from labops.blueprints.machines.forms import MachineForm, StateForm, described
from labops.blueprints.machines.routes import machine_page
from labops.blueprints.sites.base import put_errors, staffed_site
from labops.domain.machines import queries, services
from labops.domain.machines.queries import MachineView
from labops.domain.machines.states import MachineState
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

FIELD_NAMES = {"process": "process_id"}


@bp.get("/sites/<site_slug>/machines/new")
@requires(Permission.MACHINE_EDIT)
def new(site_slug: str) -> ResponseReturnValue:
    """Show the form of a new machine."""
    site = staffed_site(site_slug, Permission.MACHINE_EDIT)
    form = _form(site.id, data={"capacity": 1, "setup_minutes": 0, "cleanup_minutes": 0})
    return _new_page(site, form)


@bp.post("/sites/<site_slug>/machines/new")
@requires(Permission.MACHINE_EDIT)
def install(site_slug: str) -> ResponseReturnValue:
    """Add a machine to the site."""
    site = staffed_site(site_slug, Permission.MACHINE_EDIT)
    form = _form(site.id, request.form)
    if not form.validate():
        return _new_page(site, form), 422
    try:
        slug = services.install(site.id, form.to_command(), actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems, FIELD_NAMES)
        return _new_page(site, form), 422
    flash(_("The machine was added."), "success")
    return redirect(url_for(".show", slug=slug), 303)


@bp.get("/machines/<slug>/edit")
@requires(Permission.MACHINE_EDIT)
def edit(slug: str) -> ResponseReturnValue:
    """Show the form of a machine."""
    machine = staffed_machine(slug)
    return _edit_page(machine, _form(machine.site_id, data=described(machine)))


@bp.post("/machines/<slug>/edit")
@requires(Permission.MACHINE_EDIT)
def save(slug: str) -> ResponseReturnValue:
    """Change what a machine says of itself."""
    machine = staffed_machine(slug)
    form = _form(machine.site_id, request.form)
    valid = form.validate()
    sizes = _photo(form)
    if not valid or form.photo.errors:
        return _edit_page(machine, _asking_again(form, sizes)), 422
    actor, now = current_actor(), clock.now()
    try:
        services.describe(machine.slug, form.to_command(), actor=actor, now=now)
    except Invalid as invalid:
        put_errors(form, invalid.problems, FIELD_NAMES)
        return _edit_page(machine, _asking_again(form, sizes)), 422
    if sizes:
        photos.replace(machine.slug, sizes, actor=actor, now=now)
    elif form.remove_photo.data and machine.photo:
        photos.remove(machine.slug, actor=actor, now=now)
    flash(_("Saved."), "success")
    return redirect(url_for(".show", slug=machine.slug), 303)


@bp.post("/machines/<slug>/state")
@requires(Permission.MACHINE_EDIT)
def set_state(slug: str) -> ResponseReturnValue:
    """Put a machine out of service with a reason, back in service, or retire it."""
    machine = staffed_machine(slug)
    form = StateForm(request.form)
    if not form.validate():
        return machine_page(machine, form), 422
    state = MachineState(form.state.data)
    reason = str(form.reason.data or "")
    try:
        services.set_state(
            machine.slug, state, reason=reason, actor=current_actor(), now=clock.now()
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return machine_page(found_machine(slug), form), 422
    said = {
        MachineState.IN_SERVICE: _("The machine is in service."),
        MachineState.OUT_OF_SERVICE: _("The machine is out of service."),
        MachineState.RETIRED: _("The machine was retired."),
    }
    flash(said[state], "success")
    return redirect(url_for(".show", slug=machine.slug), 303)


def _photo(form: MachineForm) -> dict[str, bytes]:
    """Return the photo that was sent, in every size; nothing for none, or a wrong one."""
    upload = request.files.get("photo")
    if upload is None or not upload.filename:
        return {}
    try:
        return photos.made(upload.read(photos.MOST_BYTES + 1))
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return {}


def _asking_again(form: MachineForm, sizes: dict[str, bytes]) -> MachineForm:
    """Return the form, saying that a good photo has to be chosen again: no browser keeps it."""
    if sizes:
        form.photo.errors = [_("Choose the photo again: nothing was saved yet.")]
    return form


def _form(site_id: int, formdata: Any = None, data: dict[str, Any] | None = None) -> MachineForm:
    session, italian = reading(), formats.language() == "it"
    types = [
        (kind.slug, kind.name_it if italian else kind.name_en)
        for kind in queries.machine_types(session)
    ]
    rooms = [(space.slug, space.name) for space in spaces.of_site(session, site_id)]
    return MachineForm(
        formdata, data=data, types=sorted(types, key=lambda kind: kind[1]), spaces=rooms
    )


def _new_page(site: SiteView, form: MachineForm) -> str:
    return render_template("machines/new.html", site=site, form=form)


def _edit_page(machine: MachineView, form: MachineForm) -> str:
    return render_template("machines/edit.html", machine=machine, form=form)
