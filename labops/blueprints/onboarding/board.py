"""Who applies at a site, at which step each is, and since when."""

from __future__ import annotations

from collections import Counter

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.bookings.base import Place, chosen_place, places
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.errors import reasons_of
from labops.blueprints.onboarding import words
from labops.blueprints.onboarding.base import bp
from labops.blueprints.sites.base import asked, staffed_site
from labops.domain.onboarding import queries, services
from labops.domain.onboarding.kinds import TICKED
from labops.domain.onboarding.queries import Progress
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission

READY = "ready"


@bp.get("/applicants")
@requires(Permission.MEMBERSHIP_GRANT)
def board() -> ResponseReturnValue:
    """Show the applicants of a site; `step` shows those who are at one step only."""
    return _page()


def _page(refused: tuple[str, int, str] | None = None, status: int = 200) -> ResponseReturnValue:
    place, among = _place()
    everybody = _applicants(place)
    at = Counter(_step_key(one) for one in everybody)
    steps = queries.steps_of(reading(), place.id)
    page = render_template(
        "onboarding/board.html",
        place=place,
        places=among,
        people=_filtered(everybody),
        total=len(everybody),
        step=asked("step"),
        groups=[(str(one.id), words.step_name(one), at[str(one.id)]) for one in steps]
        + [(READY, _("Everything done"), at[READY])],
        step_name=words.step_name,
        state_names=words.STATES,
        ticked=TICKED,
        now=clock.now(),
        refused=refused,
    )
    return page, status


@bp.get("/applicants.csv")
@requires(Permission.MEMBERSHIP_GRANT)
def export() -> Response:
    """Answer with the same list as CSV."""
    place, _among = _place()
    rows = (
        (
            one.name,
            words.step_name(one.at.step) if one.at else "",
            one.since.isoformat(),
            one.began_at.isoformat(),
        )
        for one in _filtered(_applicants(place))
    )
    return csv_answer("applicants", ["name", "step", "since", "began_at"], rows)


@bp.post("/sites/<slug>/applicants/<person>/nudge")
@requires(Permission.MEMBERSHIP_GRANT)
def nudge(slug: str, person: str) -> ResponseReturnValue:
    """Remind somebody by mail."""
    site = staffed_site(slug, Permission.MEMBERSHIP_GRANT)
    if services.nudge(person, site.id, actor=current_actor(), now=clock.now()):
        flash(_("A mail reminds them of the next step."), "success")
    else:
        flash(_("They were reminded today already."), "info")
    return redirect(url_for(".board", site=site.slug), 303)


@bp.post("/sites/<slug>/applicants/<person>/steps/<int:step_id>")
@requires(Permission.MEMBERSHIP_GRANT)
def mark(slug: str, person: str, step_id: int) -> ResponseReturnValue:
    """Tick a step, waive it with a reason, or take that back."""
    site = staffed_site(slug, Permission.MEMBERSHIP_GRANT)
    act, actor, now = request.form.get("act", ""), current_actor(), clock.now()
    reason = request.form.get("reason", "").strip()
    try:
        if act == "undo":
            services.unmark(person, step_id, actor=actor, now=now)
        elif act == "waive" and not reason:
            raise Invalid.field("reason", "field.required")
        else:
            because = reason if act == "waive" else ""
            services.mark(person, step_id, actor=actor, now=now, waived_because=because)
    except Invalid as error:
        return _page((person, step_id, reasons_of(error.problems)[0].detail), 422)
    flash(_("Saved."), "success")
    return redirect(url_for(".board", site=site.slug), 303)


def _place() -> tuple[Place, list[Place]]:
    """Return the site that was asked for among those where the actor may, and all of these."""
    actor = current_actor()
    allowed = actor.sites_where(Permission.MEMBERSHIP_GRANT)
    among = [place for place in places() if allowed is None or place.id in allowed]
    slug = (request.view_args or {}).get("slug") or request.args.get("site")
    place = chosen_place(among, slug, actor)
    if not actor.may(Permission.MEMBERSHIP_GRANT, place.id):
        raise NotFound
    return place, among


def _applicants(place: Place) -> list[Progress]:
    today = clock.now().astimezone(place.zone).date()
    return queries.applicants(reading(), place.id, today=today)


def _filtered(people: list[Progress]) -> list[Progress]:
    step = asked("step")
    return [one for one in people if not step or _step_key(one) == step]


def _step_key(one: Progress) -> str:
    return str(one.at.step.id) if one.at else READY
