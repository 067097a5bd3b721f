"""One's own way to membership."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.onboarding import words
from labops.blueprints.onboarding.base import bp
from labops.blueprints.sites.base import found_site
from labops.domain.memberships.states import MembershipState
from labops.domain.onboarding import queries, services
from labops.domain.people import queries as people
from labops.domain.sites.queries import SiteView, all_sites
from labops.kernel import clock
from labops.kernel.db import reading


@bp.get("/join")
@signed_in
def join() -> ResponseReturnValue:
    """Show the sites where one can become a member, and where one is."""
    states = _states()
    return render_template(
        "onboarding/join.html", sites=all_sites(reading()), states=states, S=MembershipState
    )


@bp.get("/join/<slug>")
@signed_in
def steps(slug: str) -> ResponseReturnValue:
    """Show what is done and what is left at a site."""
    site = found_site(slug)
    progress = queries.progress_of(
        reading(), current_actor().require_person(), site.id, today=_today(site)
    )
    state = _states().get(site.id)
    composed = queries.steps_of(reading(), site.id)
    return render_template(
        "onboarding/steps.html",
        site=site,
        state=state,
        S=MembershipState,
        progress=progress,
        lines=words.lines(progress.steps, site.slug) if progress else [],
        names=[words.step_name(step) for step in composed],
        state_names=words.STATES,
    )


@bp.post("/join/<slug>")
@signed_in
def begin(slug: str) -> ResponseReturnValue:
    """Begin to apply."""
    site = found_site(slug)
    began = services.begin(site.id, today=_today(site), actor=current_actor(), now=clock.now())
    if began:
        flash(_("Welcome! Do the steps in any order, and come back whenever you like."), "success")
    return redirect(url_for(".steps", slug=site.slug), 303)


def _states() -> dict[int, str]:
    mine = people.memberships(reading(), current_actor().require_person())
    return {membership.site_id: membership.state for membership in mine}


def _today(site: SiteView) -> date:
    return clock.now().astimezone(site.tz).date()
