"""Closures of a site: what is coming, adding one, taking one back."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints.access import current_actor, requires
from labops.blueprints.sites.base import bp, put_errors, staffed_site
from labops.blueprints.sites.fields import instant_of
from labops.blueprints.sites.forms import ClosureForm
from labops.domain.bookings import queries as bookings
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.closures import outside_queries, queries, services
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission


@bp.get("/sites/<slug>/closures")
@requires(Permission.CLOSURE_EDIT)
def closures(slug: str) -> ResponseReturnValue:
    """List the closures that are not over, and the form for another."""
    site = staffed_site(slug, Permission.CLOSURE_EDIT)
    return _page(site, ClosureForm(spaces=_choices(site)))


@bp.post("/sites/<slug>/closures")
@requires(Permission.CLOSURE_EDIT)
def close(slug: str) -> ResponseReturnValue:
    """Close the site or a space for a span of its local time."""
    site = staffed_site(slug, Permission.CLOSURE_EDIT)
    form = ClosureForm(request.form, spaces=_choices(site))
    valid, remarks = form.validate(), list[str]()
    starts_at = instant_of(form, "starts_at", site.tz, remarks)
    ends_at = instant_of(form, "ends_at", site.tz, remarks)
    if starts_at and ends_at and ends_at <= starts_at:
        form.ends_at.errors = [*form.ends_at.errors, _("The end must come after the start.")]
        ends_at = None
    if not valid or starts_at is None or ends_at is None:
        return _page(site, form), 422
    span = Interval(starts_at, ends_at)
    space_id = int(form.space.data) if form.space.data else None
    try:
        services.close(
            site.id,
            span,
            reason=str(form.reason.data),
            actor=current_actor(),
            now=clock.now(),
            space_id=space_id,
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(site, form), 422
    flash(_("The closure is set."), "success")
    for remark in remarks:
        flash(remark, "warning")
    _say_bookings_inside(site, span)
    return redirect(url_for(".closures", slug=site.slug), 303)


@bp.post("/sites/<slug>/closures/<int:closure_id>/reopen")
@requires(Permission.CLOSURE_EDIT)
def reopen(slug: str, closure_id: int) -> ResponseReturnValue:
    """Take a closure back."""
    site = staffed_site(slug, Permission.CLOSURE_EDIT)
    if closure_id >= 2**31 or queries.one(reading(), site.id, closure_id) is None:
        raise NotFound
    services.reopen(closure_id, actor=current_actor(), now=clock.now())
    flash(_("The closure was taken back."), "success")
    return redirect(url_for(".closures", slug=site.slug), 303)


def _choices(site: SiteView) -> list[tuple[str, str]]:
    return [(str(space.id), space.name) for space in spaces.of_site(reading(), site.id)]


def _say_bookings_inside(site: SiteView, span: Interval) -> None:
    """Say how many bookings a new closure leaves standing; cancelling them is staff's decision."""
    actor = current_actor()
    if not actor.may(Permission.BOOKING_SEE_NAMES, site.id):
        return
    found = bookings.of_site(reading(), site.id, span, actor)
    count = sum(1 for booking in found if booking.state in OPEN_STATES)
    if count:
        flash(
            ngettext(
                "One booking lies in this time. It stands until somebody cancels it.",
                "%(num)d bookings lie in this time. They stand until somebody cancels them.",
                count,
            ),
            "warning",
        )


def _page(site: SiteView, form: ClosureForm) -> str:
    now: datetime = clock.now()
    waiting, held = outside_queries.waiting_counts(reading(), site.id)
    return render_template(
        "sites/closures.html",
        site=site,
        form=form,
        closures=queries.coming(reading(), site.id, now=now),
        space_names={space.id: space.name for space in spaces.of_site(reading(), site.id)},
        now=now,
        waiting=waiting,
        held=held,
    )
