"""What comes round on the machines of a site: plans, how they stand, when they disturb least."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form, validators

from labops.blueprints.access import current_actor, requires
from labops.blueprints.incident_messages import STANDINGS
from labops.blueprints.maintenance.base import bp
from labops.blueprints.sites.base import key, put_errors, staffed_site
from labops.blueprints.sites.fields import Choice, Prose, Whole, Words, needed
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import InventorySearch
from labops.domain.maintenance import history, quiet, upkeep
from labops.domain.maintenance.history import PlanView
from labops.domain.maintenance.upkeep import MakePlan
from labops.domain.sites.queries import SiteView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission

EDIT = Permission.MACHINE_EDIT


class PlanForm(Form):
    """What comes round on which machine, how often, and how long it takes."""

    machine = Choice(_l("Machine"), [needed()])
    title = Words(
        _l("What is done"),
        [needed(), validators.Length(max=120, message=_l("This is too long."))],
    )
    every_months = Whole(_l("After how many months"), [validators.Optional()])
    every_hours = Whole(
        _l("After how many hours of use"),
        [validators.Optional()],
        description=_l("Real use counts: from check-in to finish. With both, whatever is first."),
    )
    minutes = Whole(_l("Minutes it takes"), [needed()])
    steps = Prose(
        _l("Checklist"),
        [validators.Optional(), validators.Length(max=2000, message=_l("This is too long."))],
        description=_l("One step a line."),
    )


@bp.get("/sites/<slug>/rounds")
@requires(EDIT)
def rounds(slug: str) -> ResponseReturnValue:
    """List what comes round at a site, most urgent first."""
    site = staffed_site(slug, EDIT)
    return _page(site, _form(site))


@bp.post("/sites/<slug>/rounds")
@requires(EDIT)
def make_round(slug: str) -> ResponseReturnValue:
    """Let something come round."""
    site = staffed_site(slug, EDIT)
    form = _form(site, request.form)
    if not form.validate():
        return _page(site, form), 422
    command = MakePlan(
        machine=str(form.machine.data),
        title=str(form.title.data),
        minutes=int(form.minutes.data),
        every_months=form.every_months.data,
        every_hours=form.every_hours.data,
        steps=tuple(str(form.steps.data or "").splitlines()),
    )
    try:
        upkeep.make_plan(command, actor=current_actor(), now=clock.now())
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(site, form), 422
    flash(_("It comes round from now on."), "success")
    return redirect(url_for(".rounds", slug=site.slug), 303)


@bp.post("/rounds/<round>/retire")
@requires(EDIT)
def retire_round(round: str) -> ResponseReturnValue:  # noqa: A002 - the word of the address
    """Let it come round no more."""
    site, plan = _found(round)
    upkeep.retire_plan(plan.uid, actor=current_actor(), now=clock.now())
    flash(_("It comes round no more. What was done stays in the history."), "success")
    return redirect(url_for(".rounds", slug=site), 303)


@bp.get("/rounds/<round>/plan")
@requires(EDIT)
def plan_round(round: str) -> ResponseReturnValue:  # noqa: A002
    """Lead to the form of maintenance, filled with the hour that disturbs least."""
    site, plan = _found(round)
    machine = machines.by_slug(reading(), plan.machine)
    length, now = timedelta(minutes=plan.minutes), clock.now()
    span = quiet.quietest(reading(), machine, length, now=now)
    values: dict[str, Any] = {"machine": plan.machine, "reason": plan.title}
    if span is None:
        flash(_("In the next two weeks there is no time open long enough: choose one."), "warning")
    else:
        values |= {"starts_at": span.starts_at.isoformat(), "ends_at": span.ends_at.isoformat()}
        flash(_("This is when fewest people book. What is in its way comes next."), "info")
    return redirect(url_for(".new", slug=site, **values), 303)


def _found(uid: str) -> tuple[str, PlanView]:
    plan = history.one(reading(), key(uid), now=clock.now())
    if not current_actor().may(EDIT, plan.site_id):
        raise NotFound
    return machines.by_slug(reading(), plan.machine).site, plan


def _form(site: SiteView, formdata: object = None) -> PlanForm:
    form = PlanForm(formdata)  # type: ignore[arg-type]  # what Flask gives, or nothing
    search = InventorySearch(site_ids=frozenset({site.id}), limit=500)
    found, _count = machines.listed(reading(), search)
    form.machine.choices = [(one.slug, one.name) for one in found]
    return form


def _page(site: SiteView, form: PlanForm) -> str:
    plans = history.of_site(reading(), site.id, now=clock.now())
    return render_template(
        "maintenance/rounds.html", site=site, plans=plans, form=form, standings=STANDINGS
    )
