"""A machine that is out of service until further notice: what becomes of its next bookings."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints import displacing
from labops.blueprints.access import current_actor, requires
from labops.blueprints.displacing import Question
from labops.blueprints.machines.base import staffed_machine
from labops.blueprints.maintenance.base import bp, staffed
from labops.domain.bookings.displacing import ChoiceRefused
from labops.domain.bookings.hits import Obstacle
from labops.domain.machines.queries import MachineView
from labops.domain.machines.states import MachineState
from labops.domain.maintenance import services
from labops.kernel import clock, local_time
from labops.kernel.errors import Changed
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission

DAYS = (1, 3, 7, 14, 30)
USUAL_DAYS = 7


@bp.get("/machines/<slug>/in-the-way")
@requires(Permission.MACHINE_EDIT)
def in_the_way(slug: str) -> ResponseReturnValue:
    """Show the bookings of the next days on a machine that is out of service."""
    machine = staffed_machine(slug)
    page = _page(machine) if machine.state != MachineState.IN_SERVICE else None
    if page is None:
        flash(_("No booking is in the way."), "info")
        return redirect(url_for("machines.show", slug=machine.slug), 303)
    return page


@bp.post("/machines/<slug>/in-the-way")
@requires(Permission.MACHINE_EDIT)
def decide(slug: str) -> ResponseReturnValue:
    """Do what was chosen for each of them."""
    machine, now = staffed_machine(slug), clock.now()
    until = _until(machine, now)
    try:
        displaced = services.clear(
            machine.slug, until, displacing.read_choices(), actor=current_actor(), now=now
        )
    except ChoiceRefused as refused:
        return _page(machine, refused=refused) or "", 409
    except Changed:
        return _page(machine, changed=True) or "", 409
    displacing.say_what_was_done(displaced.by_act)
    return redirect(url_for("machines.show", slug=machine.slug), 303)


def _page(
    machine: MachineView, *, refused: ChoiceRefused | None = None, changed: bool = False
) -> str | None:
    site, now = staffed(machine.site), clock.now()
    span = Interval(now, _until(machine, now))
    return displacing.hits_page(
        site,
        Obstacle(site.id, (machine.id,), span, claims_time=False),
        _question(machine),
        now=now,
        refused=refused,
        changed=changed,
    )


def _question(machine: MachineView) -> Question:
    days = _days()
    return Question(
        title=_("Bookings in the way"),
        lead=ngettext(
            "%(machine)s is out of service. Decide what becomes of its bookings until tomorrow"
            " night.",
            "%(machine)s is out of service. Decide what becomes of its bookings of the next"
            " %(num)d days.",
            days,
            machine=machine.name,
        ),
        url=url_for(".decide", slug=machine.slug, days=days),
        submit=_("Do what I chose"),
        back=url_for("machines.show", slug=machine.slug),
        may_leave=True,
    )


def _days() -> int:
    text = request.args.get("days", "")
    wanted = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0  # noqa: PLR2004
    return wanted if wanted in DAYS else USUAL_DAYS


def _until(machine: MachineView, now: datetime) -> datetime:
    """Return the end of the last local day that is looked at."""
    zone = local_time.zone(machine.zone)
    last = now.astimezone(zone).date() + timedelta(days=_days())
    return local_time.local_day(last, zone).ends_at
