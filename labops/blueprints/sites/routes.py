"""The page of a site, and the forms for what it says and when it is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.access import current_actor, public, requires
from labops.blueprints.rules_in_words import rules_in_words
from labops.blueprints.sites.base import bp, found_site, presence, put_errors, staffed_site
from labops.blueprints.sites.forms import HoursForm, SiteForm, overnight
from labops.blueprints.sites.words import country_names, hours_by_day
from labops.domain.closures import queries as closures
from labops.domain.house_rules.queries import site_rules
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import InventorySearch, MachineView
from labops.domain.sites import services
from labops.domain.sites.queries import SiteView, weekly_hours
from labops.domain.spaces import queries as spaces
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

MOST_MACHINES = 500


@bp.get("/sites/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """Show everybody where the site is, when it is open and what it has."""
    site, now = found_site(slug), clock.now()
    session = reading()
    found, count = machines.listed(session, InventorySearch(site=site.slug, limit=MOST_MACHINES))
    return render_template(
        "sites/show.html",
        site=site,
        description=site.description(formats.language()),
        presence=presence(site, now=now),
        hours=hours_by_day(weekly_hours(session, site.id, site.revision)),
        today=now.astimezone(site.tz).weekday(),
        closures=closures.coming(session, site.id, now=now),
        spaces=spaces.of_site(session, site.id),
        space_names={space.id: space.name for space in spaces.of_site(session, site.id)},
        machines=_by_space(found, now),
        machine_count=count,
        rules=rules_in_words(site_rules(session, site.id).of(category="", machine="")),
    )


@bp.get("/sites/<slug>/edit")
@requires(Permission.SITE_EDIT)
def edit(slug: str) -> ResponseReturnValue:
    """Show the form for what the site says of itself."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    return _edit_page(site, SiteForm(data=asdict(site), countries=country_names()))


@bp.post("/sites/<slug>/edit")
@requires(Permission.SITE_EDIT)
def save(slug: str) -> ResponseReturnValue:
    """Save it, or show the form again with what is wrong."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    form = SiteForm(request.form, countries=country_names())
    if not form.validate():
        return _edit_page(site, form), 422
    try:
        services.describe_site(
            site.id, form.to_command(site), actor=current_actor(), now=clock.now()
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _edit_page(site, form), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".show", slug=site.slug), 303)


@bp.get("/sites/<slug>/hours")
@requires(Permission.SITE_EDIT)
def hours(slug: str) -> ResponseReturnValue:
    """Show the weekly opening hours as text, a line a day."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    return _hours_page(site, HoursForm.of(weekly_hours(reading(), site.id, site.revision)))


@bp.post("/sites/<slug>/hours")
@requires(Permission.SITE_EDIT)
def save_hours(slug: str) -> ResponseReturnValue:
    """Put new opening hours in force."""
    site = staffed_site(slug, Permission.SITE_EDIT)
    form = HoursForm(request.form)
    spans = form.spans()
    if spans is None:
        return _hours_page(site, form), 422
    try:
        services.set_opening_hours(site.id, spans, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _hours_page(site, form), 422
    flash(_("The opening hours are in force."), "success")
    if late := overnight(spans):
        flash(_("Open past midnight on: %(days)s.", days=", ".join(late)), "warning")
    return redirect(url_for(".show", slug=site.slug), 303)


def _by_space(
    found: Sequence[MachineView], now: datetime
) -> list[tuple[str, list[tuple[MachineView, str]]]]:
    """Return the machines with their states under the names of their spaces."""
    states = machines.states_now(reading(), found, now=now)
    groups: dict[str, list[tuple[MachineView, str]]] = {}
    for machine in found:
        groups.setdefault(machine.space or "", []).append((machine, states[machine.id]))
    return sorted(groups.items(), key=lambda group: (not group[0], group[0]))


def _edit_page(site: SiteView, form: SiteForm) -> str:
    return render_template("sites/edit.html", site=site, form=form)


def _hours_page(site: SiteView, form: HoursForm) -> str:
    return render_template("sites/hours.html", site=site, form=form)
