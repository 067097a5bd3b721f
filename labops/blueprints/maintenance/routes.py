"""Maintenance of a site: what is running and coming, and ending or calling it off."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.maintenance.base import bp, found_block, staffed
from labops.domain.maintenance import queries, services
from labops.domain.sites.queries import SiteView
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Problem, Refused
from labops.kernel.permissions import Permission


@bp.get("/sites/<slug>/maintenance")
@requires(Permission.MACHINE_EDIT)
def index(slug: str) -> ResponseReturnValue:
    """List what is running and coming, or what is over."""
    return _page(staffed(slug))


@bp.post("/sites/<slug>/maintenance/<uid>/end")
@requires(Permission.MACHINE_EDIT)
def end(slug: str, uid: str) -> ResponseReturnValue:
    """End running maintenance now."""
    site = staffed(slug)
    block = found_block(site, uid)
    try:
        services.end(block.uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _page(site, refused.problems), 409
    flash(_("The maintenance has ended. The rest of its time can be booked."), "success")
    return redirect(url_for(".index", slug=site.slug), 303)


@bp.post("/sites/<slug>/maintenance/<uid>/cancel")
@requires(Permission.MACHINE_EDIT)
def cancel(slug: str, uid: str) -> ResponseReturnValue:
    """Call off maintenance that has not begun."""
    site = staffed(slug)
    block = found_block(site, uid)
    try:
        services.cancel(block.uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _page(site, refused.problems), 409
    flash(_("The maintenance was called off. Its time can be booked."), "success")
    return redirect(url_for(".index", slug=site.slug), 303)


def _page(site: SiteView, problems: tuple[Problem, ...] = ()) -> str:
    now = clock.now()
    over = request.args.get("which") == "over"
    return render_template(
        "maintenance/index.html",
        site=site,
        blocks=queries.of_site(reading(), site.id, now=now, over=over),
        over=over,
        reasons=reasons_of(problems),
        now=now,
    )
