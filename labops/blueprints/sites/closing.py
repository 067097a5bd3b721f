"""Closures of a site: what is coming, adding one, taking one back."""

from __future__ import annotations

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import displacing, formats
from labops.blueprints.access import current_actor, requires
from labops.blueprints.displacing import Question
from labops.blueprints.sites.base import bp, put_errors, staffed_site
from labops.blueprints.sites.fields import instant_of
from labops.blueprints.sites.forms import ClosureForm
from labops.domain.bookings.displacing import ChoiceRefused
from labops.domain.bookings.hits import obstacle_of
from labops.domain.closures import outside_queries, queries, services
from labops.domain.inductions import queries as inductions
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Invalid, NotFound
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
    if displacing.wants_back():
        return _page(site, form)
    span = Interval(starts_at, ends_at)
    try:
        return _asked_or_done(site, form, span, remarks)
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(site, form), 422


def _asked_or_done(
    site: SiteView, form: ClosureForm, span: Interval, remarks: list[str]
) -> ResponseReturnValue:
    """Ask about the bookings inside, or close; raises `Invalid`."""
    actor, now = current_actor(), clock.now()
    space_id = int(form.space.data) if form.space.data else None
    obstacle = obstacle_of(reading(), site.id, span, space_id=space_id)
    question = _question(site, form, span)
    if not displacing.is_decided():
        page = displacing.hits_page(site, obstacle, question, now=now)
        if page is not None:
            return page
    try:
        displaced = services.close_making_way(
            site.id,
            span,
            displacing.read_choices(),
            reason=str(form.reason.data),
            actor=actor,
            now=now,
            space_id=space_id,
        )
    except ChoiceRefused as refused:
        page = displacing.hits_page(site, obstacle, question, now=now, refused=refused)
        return page or "", 409
    except Changed:
        page = displacing.hits_page(site, obstacle, question, now=now, changed=True)
        return page or "", 409
    flash(_("The closure is set."), "success")
    _warn_of_inductions(site, span, space_id)
    for remark in remarks:
        flash(remark, "warning")
    displacing.say_what_was_done(displaced.by_act)
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


def _warn_of_inductions(site: SiteView, span: Interval, space_id: int | None) -> None:
    """Name the inductions that are planned while it is closed: staff move or cancel them."""
    for one in inductions.during(reading(), site.id, span):
        if space_id is None or one.space_id == space_id:
            warning = _(
                "An induction is planned then: %(kind)s, %(slot)s. Move or cancel it.",
                kind=one.type_name(formats.language()),
                slot=formats.slot(one.starts_at, one.ends_at, site.zone),
            )
            flash(warning, "warning")


def _choices(site: SiteView) -> list[tuple[str, str]]:
    return [(str(space.id), space.name) for space in spaces.of_site(reading(), site.id)]


def _question(site: SiteView, form: ClosureForm, span: Interval) -> Question:
    return Question(
        title=_("Bookings in the way"),
        lead=_(
            "%(reason)s, %(slot)s: decide what becomes of each booking. The site is closed and"
            " everything you choose is done together, or nothing is.",
            reason=form.reason.data,
            slot=formats.slot(span.starts_at, span.ends_at, site.zone),
        ),
        url=url_for(".close", slug=site.slug),
        submit=_("Close"),
        repeated=("starts_at", "ends_at", "space", "reason"),
        may_leave=True,
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
