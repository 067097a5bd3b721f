"""The desk: passes, people by name, last scans, and what staff can mend at once."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.api.base import as_json
from labops.blueprints.errors import reasons_of
from labops.blueprints.sites.base import asked, put_errors, staffed_site
from labops.blueprints.visit_messages import RESULTS, WAYS
from labops.blueprints.visits.base import (
    act_named,
    bp,
    in_words,
    new_nonce,
    sent_nonce,
    with_camera,
)
from labops.blueprints.visits.forms import GuestsForm
from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.domain.visits import kiosks, queries, recalling, services
from labops.domain.visits.commands import Guests, Scan
from labops.domain.visits.outcomes import Outcome
from labops.domain.visits.states import Act, Way
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

RECORD = Permission.VISIT_RECORD


def places(permission: Permission) -> list[Any]:
    """Return the sites where the actor holds the permission, by name."""
    actor = current_actor()
    return [site for site in sites.all_sites(reading()) if actor.may(permission, site.id)]


@bp.get("/desk")
@requires(RECORD)
def desks() -> ResponseReturnValue:
    """Lead to the desk of the site where the reader works."""
    return redirect(url_for(".desk", site=places(RECORD)[0].slug))


@bp.get("/desk/<site>")
@requires(RECORD)
def desk(site: str) -> ResponseReturnValue:
    """Show who was scanned, who is in, and whom a search finds."""
    place = staffed_site(site, RECORD)
    done = recalling.outcome(reading(), _device(), asked("done")) if asked("done") else None
    return with_camera(_page(place, GuestsForm(), outcome=done))


@bp.post("/desk/<site>/scan")
@requires(RECORD)
def desk_scan(site: str) -> ResponseReturnValue:
    """Let somebody in or out by pass, typed code or name; a script is answered in JSON."""
    place = staffed_site(site, RECORD)
    form = request.form
    text, person = form.get("text", "").strip()[:200], form.get("person", "")[:32]
    command = Scan(
        site_id=place.id,
        device=_device(),
        nonce=sent_nonce(form.get("nonce", "")),
        act=act_named(form.get("act", "check_in")),
        way=Way.NAME if person else Way.PASS if text.startswith("labops:") else Way.TYPED,
        text="" if person else text or "-",
        person_uid=person,
        override_reason=form.get("override_reason", "").strip()[:300],
    )
    outcome = services.scan(command, actor=current_actor(), now=clock.now())
    if request.accept_mimetypes.best == "application/json":
        words = in_words(outcome, place) | {"person": outcome.person_uid}
        return Response(
            as_json(words),
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )
    if not outcome.welcome:
        return with_camera(_page(place, GuestsForm(), outcome=outcome), 409)
    return redirect(url_for(".desk", site=place.slug, done=command.nonce), 303)


@bp.post("/desk/<site>/guests")
@requires(RECORD)
def desk_guests(site: str) -> ResponseReturnValue:
    """Write down guests for whom somebody answers who is in."""
    place = staffed_site(site, RECORD)
    form = GuestsForm(request.form)
    if not form.validate():
        return with_camera(_page(place, form), 422)
    try:
        host_text, host_uid = _host(place, str(form.host.data))
        outcome = services.receive_guests(
            Guests(
                site_id=place.id,
                device=_device(),
                nonce=sent_nonce(request.form.get("nonce", "")),
                name=str(form.name.data),
                people_count=form.people_count.data or max(len(form.listed()), 1),
                names=form.listed(),
                minors=bool(form.minors.data),
                over_capacity=bool(form.over_capacity.data),
                host_text=host_text,
                host_uid=host_uid,
            ),
            actor=current_actor(),
            now=clock.now(),
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return with_camera(_page(place, form), 422)
    if not outcome.welcome:
        form.form_errors.extend(reason.detail for reason in reasons_of(outcome.problems))
        return with_camera(_page(place, form), 409)
    flash(_("%(name)s was written down.", name=outcome.name), "success")
    return redirect(url_for(".desk", site=place.slug), 303)


@bp.post("/desk/<site>/visits/<visit>/out")
@requires(RECORD)
def desk_out(site: str, visit: str) -> ResponseReturnValue:
    """Note that somebody left."""
    place = staffed_site(site, RECORD)
    nonce = sent_nonce(request.form.get("nonce", ""))
    services.send_out(visit, device=_device(), nonce=nonce, actor=current_actor(), now=clock.now())
    return redirect(url_for(".desk", site=place.slug, done=nonce), 303)


def _host(place: SiteView, text: str) -> tuple[str, str]:
    """Return the host's pass or its digits, or the uid of the one person of that name."""
    if text.startswith("labops:") or text.replace(" ", "").isdecimal():
        return text, ""
    found = queries.found_by_name(reading(), place, text)
    inside = [one for one in found if one.inside] or found
    if len(inside) != 1:
        raise Invalid.field("host", "visit.which-host")
    return "", inside[0].uid


def _device() -> str:
    return f"desk:{current_actor().require_person()}"


def _page(place: SiteView, form: GuestsForm, *, outcome: Outcome | None = None) -> str:
    session, now = reading(), clock.now()
    search = asked("q")
    return render_template(
        "visits/desk.html",
        site=place,
        sites=places(RECORD),
        form=form,
        outcome=outcome,
        answer=in_words(outcome, place) if outcome else None,
        reasons=reasons_of(outcome.problems) if outcome and not outcome.welcome else [],
        occupancy=queries.occupancy(session, place),
        inside=queries.inside(session, place, now=now),
        unusual=queries.unusual(session, place, now=now),
        scans=recalling.last_scans(session, place.id),
        kiosks=kiosks.of_site(session, place.id),
        search=search,
        found=queries.found_by_name(session, place, search) if search else [],
        new_nonce=new_nonce,
        results=RESULTS,
        ways=WAYS,
        acts=Act,
        now=now,
    )
