"""Who has to be found: the list of everybody who is in, to print, to keep, and to tick off."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.sites.base import staffed_site
from labops.blueprints.visits.base import bp, new_nonce, sent_nonce
from labops.blueprints.visits.desk import places
from labops.domain.sites.queries import SiteView
from labops.domain.visits import queries, roll_calls
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Problem, Refused
from labops.kernel.permissions import Permission

SEE = Permission.VISIT_SEE


@bp.get("/evacuation")
@requires(SEE)
def evacuations() -> ResponseReturnValue:
    """Lead to the list of the site where the reader works."""
    return redirect(url_for(".evacuation", site=places(SEE)[0].slug))


@bp.get("/evacuation/<site>")
@requires(SEE)
def evacuation(site: str) -> ResponseReturnValue:
    """Show everybody who is in, or how the roll call stands."""
    return _page(staffed_site(site, SEE))


@bp.get("/evacuation/<site>/copy.html")
@requires(SEE)
def evacuation_copy(site: str) -> Response:
    """Answer with the list as a file that needs nothing else, to keep on a phone."""
    place, now = staffed_site(site, SEE), clock.now()
    inside = queries.inside(reading(), place, now=now)
    page = render_template("visits/copy.html", site=place, now=now, inside=inside)
    name = f"evacuation-{place.slug}-{now.astimezone(place.tz):%Y%m%d-%H%M}.html"
    return Response(
        page,
        content_type="text/html; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@bp.post("/evacuation/<site>/start")
@requires(SEE)
def start_roll_call(site: str) -> ResponseReturnValue:
    """Begin to count."""
    place = staffed_site(site, SEE)
    roll_calls.start(place.id, actor=current_actor(), now=clock.now())
    return redirect(url_for(".evacuation", site=place.slug), 303)


@bp.post("/evacuation/<site>/found")
@requires(SEE)
def tick_found(site: str) -> ResponseReturnValue:
    """Write down that somebody was found."""
    place, form = staffed_site(site, SEE), request.form
    count = form.get("found_count", "1")
    try:
        roll_calls.tick(
            form.get("roll_call", "")[:32],
            form.get("visit", "")[:32],
            found_count=int(count) if count.isdecimal() and len(count) < 5 else 0,  # noqa: PLR2004
            nonce=sent_nonce(form.get("nonce", "")),
            actor=current_actor(),
            now=clock.now(),
        )
    except Refused as refused:
        return _page(place, refused.problems), 409
    anchor = form.get("visit", "")[:32]
    return redirect(url_for(".evacuation", site=place.slug, _anchor=anchor), 303)


@bp.post("/evacuation/<site>/end")
@requires(SEE)
def end_roll_call(site: str) -> ResponseReturnValue:
    """End the roll call: everybody was found, or it was a drill."""
    place = staffed_site(site, SEE)
    roll_calls.end(request.form.get("roll_call", "")[:32], actor=current_actor(), now=clock.now())
    return redirect(url_for(".evacuation", site=place.slug), 303)


def _page(place: SiteView, problems: tuple[Problem, ...] = ()) -> str:
    now = clock.now()
    return render_template(
        "visits/evacuation.html",
        site=place,
        sites=places(SEE),
        now=now,
        inside=queries.inside(reading(), place, now=now),
        roll_call=roll_calls.running(reading(), place.id, now=now),
        reasons=reasons_of(problems),
        new_nonce=new_nonce,
    )
