"""Spare parts and consumables of a site, and what to buy."""

from __future__ import annotations

from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, validators

from labops.blueprints.access import current_actor, requires
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.errors import reasons_of
from labops.blueprints.inductions.forms import Euro
from labops.blueprints.maintenance.base import bp
from labops.blueprints.sites.base import asked, key, put_errors, staffed_site
from labops.blueprints.sites.fields import Whole, Words, needed
from labops.domain.maintenance import parts as stock
from labops.domain.maintenance.parts import DescribePart
from labops.domain.sites.queries import SiteView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import Permission

EDIT = Permission.MACHINE_EDIT


class PartForm(Form):
    """A new part."""

    name = Words(
        _l("Name"), [needed(), validators.Length(max=120, message=_l("This is too long."))]
    )
    supplier = Words(
        _l("Where to buy it"),
        [validators.Optional(), validators.Length(max=200, message=_l("This is too long."))],
    )
    price = Euro(_l("Price of one, in euro"), [validators.Optional()])
    stock = Whole(_l("How many there are"), [needed()])
    minimum = Whole(_l("How many there should be at least"), [needed()])


@bp.get("/sites/<slug>/parts")
@requires(EDIT)
def parts(slug: str) -> ResponseReturnValue:
    """List the parts, missing ones first; as a file, all of them or only what to buy."""
    site = staffed_site(slug, EDIT)
    if asked("format") == "csv":
        only = asked("which") == "to-order"
        found = [one for one in stock.of_site(reading(), site.id) if one.to_order or not only]
        columns = ("name", "supplier", "price", "stock", "minimum", "to_order")
        rows = (
            (
                one.name,
                one.supplier,
                f"{one.price:.2f}",
                str(one.stock),
                str(one.minimum),
                str(one.to_order),
            )
            for one in found
        )
        return csv_answer(f"parts-{site.slug}", columns, rows)
    return _page(site, PartForm())


@bp.post("/sites/<slug>/parts")
@requires(EDIT)
def add_part(slug: str) -> ResponseReturnValue:
    """Write a part into the list."""
    site = staffed_site(slug, EDIT)
    form = PartForm(request.form)
    if not form.validate():
        return _page(site, form), 422
    command = DescribePart(
        name=str(form.name.data),
        supplier=str(form.supplier.data or ""),
        price=Decimal(form.price.data or 0),
        stock=int(form.stock.data),
        minimum=int(form.minimum.data),
    )
    try:
        stock.add_part(site.id, command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(site, form), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".parts", slug=site.slug), 303)


@bp.post("/sites/<slug>/parts/<part>")
@requires(EDIT)
def count_part(slug: str, part: str) -> ResponseReturnValue:
    """Put some into the stock, or take some out."""
    site = staffed_site(slug, EDIT)
    text = request.form.get("change", "").strip()
    try:
        change = int(text) if len(text) < 8 and text.isascii() else 0  # noqa: PLR2004
    except ValueError:
        change = 0
    if change == 0:
        reasons = [Problem("field.required", {"field": "change"})]
        return _page(site, PartForm(), reasons), 422
    try:
        stock.count_part(key(part), change, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        return _page(site, PartForm(), list(invalid.problems)), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".parts", slug=site.slug), 303)


def _page(site: SiteView, form: PartForm, problems: list[Problem] | None = None) -> str:
    reading().rollback()
    return render_template(
        "maintenance/parts.html",
        site=site,
        form=form,
        parts=stock.of_site(reading(), site.id),
        reasons=reasons_of(problems or []),
    )
