"""What staff do with reports: their list, linking what is one fault, solving."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.incident_messages import SEVERITIES
from labops.blueprints.incidents.base import bp, found_incident
from labops.blueprints.incidents.reporting import incident_page
from labops.blueprints.sites.base import asked, key, staffed_site
from labops.domain.incidents import queries, services
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Refused
from labops.kernel.permissions import Permission


@bp.get("/sites/<slug>/incidents")
@requires(Permission.MACHINE_EDIT)
def index(slug: str) -> ResponseReturnValue:
    """List the reports of a site, open or solved."""
    site = staffed_site(slug, Permission.MACHINE_EDIT)
    solved = asked("which") == "solved"
    return render_template(
        "incidents/index.html",
        site=site,
        solved=solved,
        incidents=queries.of_site(reading(), site.id, solved=solved),
        severities=SEVERITIES,
    )


@bp.post("/incidents/<incident>/solve")
@requires(Permission.MACHINE_EDIT)
def solve(incident: str) -> ResponseReturnValue:
    """Say that the fault is no more; with `back` the machine returns to service."""
    found = found_incident(incident)
    solution, back = request.form.get("solution", ""), bool(request.form.get("back"))
    try:
        services.solve(found.uid, solution, back=back, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        return incident_page(incident, invalid), 422
    except Refused as refused:
        return incident_page(incident, refused), 409
    flash(_("Solved. Whoever reported it is told."), "success")
    return redirect(url_for(".show", incident=found.uid), 303)


@bp.post("/incidents/<incident>/link")
@requires(Permission.MACHINE_EDIT)
def link(incident: str) -> ResponseReturnValue:
    """Say that the report is about the same fault as another."""
    found = found_incident(incident)
    original = key(request.form.get("original", ""))
    try:
        services.link(found.uid, original, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return incident_page(incident, refused), 409
    flash(_("Linked: they are solved together."), "success")
    return redirect(url_for(".show", incident=original), 303)
