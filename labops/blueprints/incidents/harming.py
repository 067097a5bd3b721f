"""Harm to people: anybody reports it, few read it, and every look is written down."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, HiddenField, validators

from labops.blueprints.access import current_actor, requires, signed_in
from labops.blueprints.incidents.base import bp, nonce
from labops.blueprints.sites.base import asked, found_site, key, put_errors, staffed_site
from labops.blueprints.sites.fields import Choice, LocalMoment, Prose, instant_of, needed
from labops.domain.incidents import harming, queries
from labops.domain.incidents.harming import LONGEST_TEXT, ReportHarm
from labops.domain.machines import queries as machines
from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission


class HarmForm(Form):
    """What happened, when, and at which machine."""

    happened_at = LocalMoment(_l("When"), [needed()])
    machine = Choice(_l("At which machine?"), [validators.Optional()])
    text = Prose(
        _l("What happened?"),
        [needed(), validators.Length(max=LONGEST_TEXT, message=_l("This is too long."))],
        description=_l("Only those responsible for the site read this."),
    )
    nonce = HiddenField()


@bp.get("/sites/<slug>/harm/new")
@signed_in
def new_harm(slug: str) -> ResponseReturnValue:
    """Show the form."""
    site = found_site(slug)
    local = clock.now().astimezone(site.tz).replace(tzinfo=None, second=0, microsecond=0)
    return _page(site, _form(site, data={"happened_at": local, "machine": asked("machine")}))


@bp.post("/sites/<slug>/harm/new")
@signed_in
def report_harm(slug: str) -> ResponseReturnValue:
    """Write it down."""
    site = found_site(slug)
    form, remarks = _form(site, request.form), list[str]()
    valid = form.validate()
    happened_at = instant_of(form, "happened_at", site.tz, remarks)
    if not valid or happened_at is None:
        return _page(site, form), 422
    command = ReportHarm(
        text=str(form.text.data),
        happened_at=happened_at,
        nonce=str(form.nonce.data),
        machine=str(form.machine.data or ""),
    )
    try:
        harming.report(site.id, command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(site, form), 422
    flash(_("Thank you. Those responsible for the site are told."), "success")
    return redirect(url_for("sites.show", slug=site.slug), 303)


@bp.get("/sites/<slug>/harm")
@requires(Permission.HARM_SEE)
def harm_index(slug: str) -> ResponseReturnValue:
    """List when something happened; what it was stands behind a look that is written down."""
    site = staffed_site(slug, Permission.HARM_SEE)
    records = queries.harm_of_site(reading(), site.id)
    return render_template("incidents/harm_index.html", site=site, records=records)


@bp.get("/harm/<harm>")
@requires(Permission.HARM_SEE)
def harm(harm: str) -> ResponseReturnValue:
    """Show a record, and write the look down."""
    record = harming.read(key(harm), actor=current_actor(), now=clock.now())
    site = sites.by_id(reading(), record.site_id)
    return render_template("incidents/harm.html", site=site, record=record)


def _form(site: SiteView, formdata: object = None, data: object = None) -> HarmForm:
    form = HarmForm(formdata, data=data)  # type: ignore[arg-type]  # what Flask gives, or nothing
    search = machines.InventorySearch(site_ids=frozenset({site.id}), limit=500)
    found, _count = machines.listed(reading(), search)
    form.machine.choices = [("", _("At none")), *((one.slug, one.name) for one in found)]
    form.nonce.data = nonce(form.nonce.data)
    return form


def _page(site: SiteView, form: HarmForm) -> str:
    return render_template("incidents/harm_new.html", site=site, form=form)
