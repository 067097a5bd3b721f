"""The plans of a site: for everybody to see, and for managers to write."""

from __future__ import annotations

import re
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, public, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.plans import words
from labops.blueprints.plans.base import bp
from labops.blueprints.plans.forms import PlanForm
from labops.blueprints.sites.base import found_site, key, staffed_site
from labops.domain.machines.queries import machine_types
from labops.domain.plans import queries, services
from labops.domain.plans.services import DescribePlan
from labops.domain.plans.states import Period
from labops.domain.sites.queries import SiteView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

_LINE = re.compile(r"([a-z0-9-]+)[\s:]+(\d{1,3})(?:[.,](\d{1,2}))?\s*h?")


@bp.get("/sites/<slug>/plans")
@public
def index(slug: str) -> ResponseReturnValue:
    """Show the plans that a site sells; to managers, the others too."""
    site = found_site(slug)
    edits = current_actor().may(Permission.PLAN_EDIT, site.id)
    today = clock.now().astimezone(site.tz).date()
    plans = queries.plans_of(reading(), site.id, today=today)
    return render_template(
        "plans/index.html",
        site=site,
        plans=[plan for plan in plans if edits or plan.for_sale],
        edits=edits,
        words=words,
    )


@bp.get("/sites/<slug>/plans/new")
@requires(Permission.PLAN_EDIT)
def new(slug: str) -> ResponseReturnValue:
    """Show the form for a new plan."""
    return _page(staffed_site(slug, Permission.PLAN_EDIT), PlanForm(), "")


@bp.get("/sites/<slug>/plans/<plan>/edit")
@requires(Permission.PLAN_EDIT)
def edit(slug: str, plan: str) -> ResponseReturnValue:
    """Show the form of a plan, filled with what it says."""
    site = staffed_site(slug, Permission.PLAN_EDIT)
    today = clock.now().astimezone(site.tz).date()
    found = queries.plan_of(reading(), site.id, key(plan), today=today)
    form = PlanForm(
        data={
            "slug": found.slug,
            "name_it": found.names["it"],
            "name_en": found.names["en"],
            "price": str(found.price),
            "period": found.period.value,
            "hours": "\n".join(f"{slug} {minutes / 60:g}" for slug, _n, minutes in found.hours),
            "groups": ", ".join(found.groups),
            "firm_people": found.firm_people,
            "induction_percent": found.induction_percent or None,
            "sold_from": found.sold_from,
            "sold_until": found.sold_until,
        }
    )
    return _page(site, form, found.slug)


@bp.post("/sites/<slug>/plans")
@requires(Permission.PLAN_EDIT)
def save(slug: str) -> ResponseReturnValue:
    """Add a plan, or change what the one of that short name says."""
    site = staffed_site(slug, Permission.PLAN_EDIT)
    form, of = PlanForm(request.form), request.form.get("of", "")
    valid, hours = form.validate(), _hours(form)
    if not valid or hours is None:
        return _page(site, form, of), 422
    command = DescribePlan(
        site_id=site.id,
        slug=of or str(form.slug.data).strip(),
        name_it=str(form.name_it.data),
        name_en=str(form.name_en.data),
        price=Decimal(str(form.price.data)),
        period=Period(form.period.data),
        hours=hours,
        groups=tuple((form.groups.data or "").replace(",", " ").split()),
        firm_people=form.firm_people.data,
        induction_percent=form.induction_percent.data or 0,
        sold_from=form.sold_from.data,
        sold_until=form.sold_until.data,
    )
    try:
        services.describe_plan(command, actor=current_actor(), now=clock.now())
    except Invalid as error:
        for problem, reason in zip(error.problems, reasons_of(error.problems), strict=True):
            field = form[str(problem.params["field"])]
            field.errors = [*field.errors, reason.detail]
        return _page(site, form, of), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".index", slug=slug), 303)


def _hours(form: PlanForm) -> dict[str, int] | None:
    """Return the minutes by machine type; `None` when a line cannot be read, and say which."""
    known = {kind.slug for kind in machine_types(reading())}
    found: dict[str, int] = {}
    for line in filter(None, map(str.strip, (form.hours.data or "").splitlines())):
        read = _LINE.fullmatch(line.lower())
        minutes = int(Decimal(f"{read[2]}.{read[3] or 0}") * 60) if read else 0
        if read is None or read[1] not in known or read[1] in found or not minutes:
            said = _("“%(line)s” cannot be read as a machine type and its hours.", line=line[:60])
            form.hours.errors = [*form.hours.errors, said]
            return None
        found[read[1]] = minutes
    return found


def _page(site: SiteView, form: PlanForm, of: str) -> str:
    return render_template(
        "plans/edit.html",
        site=site,
        form=form,
        of=of,
        types=[kind.slug for kind in machine_types(reading())],
    )
