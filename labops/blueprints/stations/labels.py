"""The stations of a site as its staff see them: hanging, replacing and retiring codes, labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from wtforms import Form, validators

from labops.adapters import labels as printing
from labops.adapters import qr
from labops.adapters.labels import Label, Page
from labops.blueprints.access import current_actor, requires
from labops.blueprints.shell import LANGUAGES
from labops.blueprints.sites.base import asked, put_errors, staffed_site
from labops.blueprints.sites.fields import Choice, Words, needed
from labops.blueprints.stations.base import address_of, bp
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.domain.stations import queries, services
from labops.domain.stations.kinds import StationKind
from labops.domain.stations.queries import StationView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission

STATION_EDIT = Permission.STATION_EDIT


class DoorForm(Form):
    """A new door's name."""

    name = Words("", [needed(), validators.Length(max=120)])
    space = Choice("", [validators.Optional()])


@bp.get("/sites/<slug>/stations")
@requires(STATION_EDIT)
def index(slug: str) -> ResponseReturnValue:
    """List the codes that hang at the site."""
    site = staffed_site(slug, STATION_EDIT)
    return _page(site, _door_form(site))


@bp.post("/sites/<slug>/stations/machines")
@requires(STATION_EDIT)
def label_machines(slug: str) -> ResponseReturnValue:
    """Give a code to every machine that has none."""
    site = staffed_site(slug, STATION_EDIT)
    count = services.label_machines(site.id, actor=current_actor(), now=clock.now())
    flash(
        ngettext("One machine got a label.", "%(num)d machines got a label.", count)
        if count
        else _("Every machine has a label already."),
        "success",
    )
    return redirect(url_for(".index", slug=site.slug), 303)


@bp.post("/sites/<slug>/stations/doors")
@requires(STATION_EDIT)
def label_door(slug: str) -> ResponseReturnValue:
    """Give a code to a door."""
    site = staffed_site(slug, STATION_EDIT)
    form = _door_form(site, request.form)
    if not form.validate():
        return _page(site, form), 422
    try:
        services.label_door(
            site.id,
            str(form.name.data),
            actor=current_actor(),
            now=clock.now(),
            space=str(form.space.data or ""),
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(site, form), 422
    flash(_("The door was added. Print its label."), "success")
    return redirect(url_for(".index", slug=site.slug), 303)


@bp.post("/sites/<slug>/stations/<int:station_id>/replace")
@requires(STATION_EDIT)
def replace(slug: str, station_id: int) -> ResponseReturnValue:
    """Retire a lost or photographed code and hang a new one in its place."""
    site, station = _station(slug, station_id)
    services.replace_station(station.id, actor=current_actor(), now=clock.now())
    flash(_("%(name)s has a new code. Print its label.", name=station.name), "success")
    return redirect(url_for(".index", slug=site.slug), 303)


@bp.post("/sites/<slug>/stations/<int:station_id>/retire")
@requires(STATION_EDIT)
def retire(slug: str, station_id: int) -> ResponseReturnValue:
    """Retire a code; scanning it says that the sticker is old."""
    site, station = _station(slug, station_id)
    services.retire_station(station.id, actor=current_actor(), now=clock.now())
    flash(_("The code of %(name)s was retired.", name=station.name), "success")
    return redirect(url_for(".index", slug=site.slug), 303)


@bp.get("/sites/<slug>/stations/<int:station_id>/label.svg")
@requires(STATION_EDIT)
def label(slug: str, station_id: int) -> Response:
    """Answer with one label as a drawing; `only=code` leaves the words out."""
    site, station = _station(slug, station_id)
    if asked("only") == "code":
        drawing = qr.svg(address_of(station.code), title=station.name)
    else:
        drawing = printing.label_svg(_label(site, station))
    return _file(drawing, "image/svg+xml", f"label-{station.machine or station.id}.svg")


@bp.get("/sites/<slug>/stations/labels.pdf")
@requires(STATION_EDIT)
def sheet(slug: str) -> Response:
    """Answer with the labels of the site, or of the chosen stations, as sheets to print."""
    site = staffed_site(slug, STATION_EDIT)
    chosen = set(request.args.getlist("station", type=int))
    hanging = queries.hanging(reading(), site.id)
    wanted = [station for station in hanging if not chosen or station.id in chosen]
    page: Any = asked("page") or "a4-24"
    if page not in get_args(Page) or not wanted:
        abort(404)
    content = printing.sheet_pdf([_label(site, station) for station in wanted], page=page)
    return _file(content, "application/pdf", f"labels-{site.slug}.pdf")


def _station(slug: str, station_id: int) -> tuple[SiteView, StationView]:
    site = staffed_site(slug, STATION_EDIT)
    if station_id >= 2**31:  # beyond what PostgreSQL can compare with a number of rows
        raise NotFound
    return site, queries.of_site_by_id(reading(), site.id, station_id)


def _label(site: SiteView, station: StationView) -> Label:
    """Return what the label says, in Italian unless the address asks for another language."""
    language = asked("language")
    with force_locale(language if language in LANGUAGES else "it"):
        machine = station.kind == StationKind.MACHINE
        return Label(
            title=station.machine_name or station.name,
            subtitle=" · ".join(part for part in (site.name, station.space) if part),
            address=address_of(station.code),
            kind="machine" if machine else "door",
            hint=_("Scan to check in, book or finish")
            if machine
            else _("Scan to come in and to leave"),
        )


def _file(content: str | bytes, kind: str, name: str) -> Response:
    return Response(
        content,
        mimetype=kind,
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _door_form(site: SiteView, formdata: Any = None) -> DoorForm:
    form = DoorForm(formdata)
    form.name.label.text = _("Name of the door")
    form.space.label.text = _("Where it leads")
    form.space.choices = [
        ("", site.name),
        *((space.slug, space.name) for space in spaces.of_site(reading(), site.id)),
    ]
    return form


def _page(site: SiteView, form: DoorForm) -> str:
    stations: Sequence[StationView] = queries.hanging(reading(), site.id)
    return render_template(
        "stations/index.html",
        site=site,
        form=form,
        doors=[station for station in stations if station.kind == StationKind.DOOR],
        machines=[station for station in stations if station.kind == StationKind.MACHINE],
        address_of=address_of,
    )
