"""The waiting list of a site, for its staff."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.bookings.base import chosen_place, places
from labops.blueprints.errors import reasons_of
from labops.blueprints.waiting.base import bp, what_of, when_of
from labops.domain.waiting import queries, services
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission


@bp.get("/waiting/list")
@requires(Permission.BOOKING_EDIT_OTHERS)
def site_list() -> ResponseReturnValue:
    """Show who waits for what at one of the sites where the actor works, in order."""
    return _page(request.args.get("site"))


@bp.post("/waiting/<uid>/remove")
@requires(Permission.BOOKING_EDIT_OTHERS)
def remove(uid: str) -> ResponseReturnValue:
    """Take somebody off the list, with a reason."""
    reason = request.form.get("reason", "")
    site = queries.wish(reading(), uid).site
    try:
        services.remove(uid, reason=reason, actor=current_actor(), now=clock.now())
    except Invalid as error:
        return _page(site, uid, reason, reasons_of(error.problems)[0].detail), 422
    flash(_("Taken off the list. The person is told by mail."), "success")
    return redirect(url_for(".site_list", site=site), 303)


def _page(site: str | None, at: str = "", typed: str = "", error: str = "") -> str:
    actor = current_actor()
    allowed = actor.sites_where(Permission.BOOKING_EDIT_OTHERS)
    among = [place for place in places() if allowed is None or place.id in allowed]
    place = chosen_place(among, site, actor)
    if not actor.may(Permission.BOOKING_SEE_NAMES, place.id):
        raise NotFound
    return render_template(
        "waiting/site.html",
        place=place,
        places=among,
        wishes=queries.of_site(reading(), place.id, actor),
        what_of=what_of,
        when_of=when_of,
        at=at,
        typed=typed,
        error=error,
    )
