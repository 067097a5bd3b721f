"""Planning maintenance: the form, then what is in its way, then all of it at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import displacing, formats
from labops.blueprints.access import current_actor, requires
from labops.blueprints.displacing import Question
from labops.blueprints.maintenance.base import bp, found_block, staffed
from labops.blueprints.maintenance.forms import FIELDS, BlockForm, filled
from labops.blueprints.sites.base import asked, put_errors
from labops.domain.bookings.displacing import ChoiceRefused, Displaced
from labops.domain.machines import queries as machines
from labops.domain.maintenance import planning, services
from labops.domain.maintenance.commands import PlanBlock
from labops.domain.maintenance.queries import MaintenanceView
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Invalid, Refused
from labops.kernel.permissions import Permission

USUAL_LENGTH = timedelta(hours=2)
STEP = timedelta(minutes=15)


@bp.get("/sites/<slug>/maintenance/new")
@requires(Permission.MACHINE_EDIT)
def new(slug: str) -> ResponseReturnValue:
    """Show the form of new maintenance, for the machine in the address if there is one."""
    site = staffed(slug)
    start = _next_step(clock.now()).astimezone(site.tz).replace(tzinfo=None)
    values = {
        "starts_at": start,
        "ends_at": start + USUAL_LENGTH,
        "machines": [asked("machine")] if asked("machine") else [],
        "reason": asked("reason"),
    } | _asked_span(site)
    return _form_page(site, _form(site, data=values))


def _asked_span(site: SiteView) -> dict[str, datetime]:
    """Return the span that the address asks for on the site's clock, if it does."""
    try:
        moments = [datetime.fromisoformat(asked(name)) for name in ("starts_at", "ends_at")]
        local = [at.astimezone(site.tz).replace(tzinfo=None) for at in moments if at.tzinfo]
    except (ValueError, OverflowError):
        return {}
    names = ("starts_at", "ends_at")
    return dict(zip(names, local, strict=True)) if len(local) == len(names) else {}


@bp.post("/sites/<slug>/maintenance/new")
@requires(Permission.MACHINE_EDIT)
def plan(slug: str) -> ResponseReturnValue:
    """Plan it: at once when nothing is in the way, else after deciding about what is."""
    return _go_on(staffed(slug), None)


@bp.get("/sites/<slug>/maintenance/<uid>")
@requires(Permission.MACHINE_EDIT)
def edit(slug: str, uid: str) -> ResponseReturnValue:
    """Show the form of a block."""
    site = staffed(slug)
    block = found_block(site, uid)
    return _form_page(site, _form(site, block, data=filled(block, site)), block)


@bp.post("/sites/<slug>/maintenance/<uid>")
@requires(Permission.MACHINE_EDIT)
def change(slug: str, uid: str) -> ResponseReturnValue:
    """Change a block, as `plan`."""
    site = staffed(slug)
    return _go_on(site, found_block(site, uid))


def _go_on(site: SiteView, block: MaintenanceView | None) -> ResponseReturnValue:
    form = _form(site, block, request.form)
    remarks: list[str] = []
    command = form.to_command(site, remarks, block)
    if command is None:
        return _form_page(site, form, block), 422
    if displacing.wants_back():
        return _form_page(site, form, block)
    try:
        return _asked_or_done(site, command, block, remarks)
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _form_page(site, form, block), 422
    except Refused as refused:
        put_errors(form, refused.problems)
        return _form_page(site, form, block), 409


def _asked_or_done(
    site: SiteView, command: PlanBlock, block: MaintenanceView | None, remarks: list[str]
) -> ResponseReturnValue:
    """Ask about the bookings in the way, or do everything; raises `Invalid` and `Refused`."""
    now = clock.now()
    uid = block.uid if block else None
    wanted = planning.preview(reading(), site.id, command, now=now, uid=uid)
    question = _question(site, command, block)
    if not displacing.is_decided():
        page = displacing.hits_page(site, wanted.obstacle, question, now=now)
        if page is not None:
            return page
    try:
        displaced = _do(site, command, block, now)
    except ChoiceRefused as refused:
        page = displacing.hits_page(site, wanted.obstacle, question, now=now, refused=refused)
        return page or "", 409
    except Changed:
        page = displacing.hits_page(site, wanted.obstacle, question, now=now, changed=True)
        return page or "", 409
    said = _("The maintenance was changed.") if block else _("The maintenance is planned.")
    flash(said, "success")
    for remark in remarks:
        flash(remark, "warning")
    displacing.say_what_was_done(displaced.by_act)
    return redirect(url_for(".index", slug=site.slug), 303)


def _do(
    site: SiteView, command: PlanBlock, block: MaintenanceView | None, now: datetime
) -> Displaced:
    actor, choices = current_actor(), displacing.read_choices()
    if block is not None:
        return services.change(block.uid, command, choices, actor=actor, now=now)
    return services.plan(site.id, command, choices, actor=actor, now=now)[1]


def _question(site: SiteView, command: PlanBlock, block: MaintenanceView | None) -> Question:
    span = command.span
    return Question(
        title=_("Bookings in the way"),
        lead=_(
            "%(reason)s, %(slot)s: decide what becomes of each booking. The machines are taken"
            " out of use and everything you choose is done together, or nothing is.",
            reason=command.reason,
            slot=formats.slot(span.starts_at, span.ends_at, site.zone),
        ),
        url=request.path,
        submit=_("Change the maintenance") if block else _("Plan the maintenance"),
        repeated=FIELDS,
    )


def _next_step(now: datetime) -> datetime:
    """Return the next quarter of an hour."""
    return now + (datetime.min.replace(tzinfo=now.tzinfo) - now) % STEP


def _form(
    site: SiteView,
    block: MaintenanceView | None = None,
    formdata: Any = None,
    data: dict[str, Any] | None = None,
) -> BlockForm:
    session = reading()
    begun = block is not None and block.starts_at <= clock.now()
    return BlockForm(
        formdata,
        data=data,
        machines_of_site=machines.search(session, site=site.slug),
        spaces=spaces.of_site(session, site.id),
        begun=begun,
    )


def _form_page(site: SiteView, form: BlockForm, block: MaintenanceView | None = None) -> str:
    return render_template("maintenance/form.html", site=site, form=form, block=block)
