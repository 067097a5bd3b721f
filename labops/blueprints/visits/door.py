"""The screen at a door: enrolled once by staff, then used by everybody, with or without a net."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from pydantic import AwareDatetime, Field
from werkzeug.wrappers import Response as BaseResponse

from labops.blueprints.access import current_actor, public, requires
from labops.blueprints.api.base import as_json, read_body
from labops.blueprints.api.schemas import Body
from labops.blueprints.shell import csrf
from labops.blueprints.sites.base import found_site, put_errors, staffed_site
from labops.blueprints.visits.base import (
    act_named,
    bp,
    in_words,
    new_nonce,
    sent_nonce,
    with_camera,
)
from labops.blueprints.visits.forms import EnrolForm
from labops.blueprints.visits.screen import code_of, state_of
from labops.domain.sites.queries import SiteView
from labops.domain.stations import queries as stations
from labops.domain.stations.kinds import StationKind
from labops.domain.visits import codes, kiosks, queries, services
from labops.domain.visits.commands import MOST_GUESTS, Guests, Scan
from labops.domain.visits.kiosks import KioskView
from labops.domain.visits.outcomes import Outcome
from labops.domain.visits.states import Way
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission

COOKIE = "labops_kiosk"
KEPT = timedelta(days=400)  # as long as browsers keep any cookie; each visit renews it
MOST_QUEUED = 200


class Queued(Body):
    """One scan of a screen's queue: `counter` is its number there, `at` when it happened."""

    counter: int = Field(ge=0, le=2**53)
    nonce: str = Field(min_length=8, max_length=40)
    act: str = "check_in"
    text: str = Field(max_length=200)
    at: AwareDatetime | None = None
    guests: str = Field(default="", max_length=120)
    people_count: int = Field(default=1, ge=1, le=MOST_GUESTS)
    names: list[str] = Field(default=[], max_length=100)
    minors: bool = False


class Queue(Body):
    """What a screen sends, in its order; `sent_at` is its own clock, which may be wrong."""

    sent_at: AwareDatetime
    scans: list[Queued] = Field(max_length=MOST_QUEUED)


@bp.get("/door/<site>")
@public
def door(site: str) -> ResponseReturnValue | BaseResponse:
    """Show the screen of the door; before it is enrolled, staff are asked to do so."""
    place = found_site(site)
    kiosk = _kiosk(place)
    if kiosk is not None:
        kiosks.note_seen(kiosk, now=clock.now())
        return _renewed(with_camera(_screen(place, kiosk)))
    if current_actor().may(Permission.KIOSK_ENROL, place.id):
        return _enrolling(place, _form(place))
    return render_template("visits/not_enrolled.html", site=place)


@bp.post("/door/<site>/enrol")
@requires(Permission.KIOSK_ENROL)
def enrol(site: str) -> ResponseReturnValue | BaseResponse:
    """Make a screen of this browser; from then on it needs nobody to be signed in."""
    place = staffed_site(site, Permission.KIOSK_ENROL)
    form = _form(place, request.form)
    if not form.validate():
        return _enrolling(place, form), 422
    try:
        secret = kiosks.enrol(
            place.id,
            int(form.station.data or 0),
            name=str(form.name.data),
            only_screen=bool(form.only_screen.data),
            actor=current_actor(),
            now=clock.now(),
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _enrolling(place, form), 422
    return _with_cookie(redirect(url_for(".door", site=site), 303), secret)


@bp.post("/door/<site>/kiosks/<kiosk>/revoke")
@requires(Permission.KIOSK_ENROL)
def revoke_kiosk(site: str, kiosk: str) -> ResponseReturnValue:
    """Let a screen do nothing any more."""
    place = staffed_site(site, Permission.KIOSK_ENROL)
    kiosks.revoke(kiosk, actor=current_actor(), now=clock.now())
    flash(_("That screen lets nobody in any more."), "success")
    return redirect(url_for(".desk", site=place.slug), 303)


@bp.post("/door/<site>/scan")
@public
def door_scan(site: str) -> ResponseReturnValue:
    """Take what was typed or read into the field of the screen, without a script."""
    place = found_site(site)
    kiosk = _needed(place)
    command = Scan(
        site_id=place.id,
        station_id=kiosk.station_id,
        device=kiosk.device,
        nonce=sent_nonce(request.form.get("nonce", "")),
        act=act_named(request.form.get("act", "check_in")),
        way=_way(request.form.get("text", "")),
        text=request.form.get("text", "").strip()[:200] or "-",
    )
    outcome = services.scan(command, actor=kiosk.actor, now=clock.now())
    return with_camera(_screen(place, kiosk, outcome))


@bp.post("/door/<site>/scans")
@public
def door_scans(site: str) -> Response:
    """Take the scans of a screen, those of a time without a connection too; twice is once."""
    place = found_site(site)
    kiosk = _needed(place)
    queue, now = read_body(Queue), clock.now()
    ahead = queue.sent_at - now  # how wrong the screen's clock is
    answers = [_taken(place, kiosk, one, ahead=ahead, now=now) for one in queue.scans]
    return _json({"results": answers, **state_of(place, kiosk, now)})


@bp.get("/door/<site>/state")
@public
def door_state(site: str) -> Response:
    """Answer with the next codes to show and who is in, for the screen to keep."""
    place = found_site(site)
    kiosk, now = _needed(place), clock.now()
    kiosks.note_seen(kiosk, now=now)
    return _json(state_of(place, kiosk, now))


# A screen that was cut off for hours has no token any more: its cookie is one that no other site's
# page can send along.
csrf.exempt(door_scan)
csrf.exempt(door_scans)


def _taken(
    place: SiteView, kiosk: KioskView, one: Queued, *, ahead: timedelta, now: datetime
) -> dict[str, Any]:
    at = None if one.at is None else min(one.at - ahead, now)
    nonce = f"{one.counter}:{one.nonce}"
    try:
        if one.guests:
            outcome = services.receive_guests(
                Guests(
                    site_id=place.id,
                    station_id=kiosk.station_id,
                    device=kiosk.device,
                    nonce=nonce,
                    name=one.guests,
                    people_count=one.people_count,
                    names=tuple(one.names),
                    minors=one.minors,
                    host_text=one.text or "-",
                    at=at,
                ),
                actor=kiosk.actor,
                now=now,
            )
        else:
            command = Scan(
                site_id=place.id,
                station_id=kiosk.station_id,
                device=kiosk.device,
                nonce=nonce,
                act=act_named(one.act),
                way=_way(one.text),
                text=one.text or "-",
                at=at,
            )
            outcome = services.scan(command, actor=kiosk.actor, now=now)
    except Invalid:
        # One that cannot be read must not hold up those behind it.
        return {"counter": one.counter, "result": "refused", "welcome": False, "tone": "bad"}
    words = in_words(outcome, place, language=outcome.language)
    return {"counter": one.counter, "language": outcome.language, **words}


def _screen(place: SiteView, kiosk: KioskView, outcome: Outcome | None = None) -> str:
    now = clock.now()
    language = outcome.language if outcome else ""
    return render_template(
        "visits/door.html",
        site=place,
        kiosk=kiosk,
        code=code_of(kiosk, codes.step_at(now, codes.SCREEN_STEP)),
        occupancy=queries.occupancy(reading(), place),
        answer=in_words(outcome, place, language=language) if outcome else None,
        nonce=new_nonce(),
        language=get_locale().language,
    )


def _form(place: SiteView, formdata: Any = None) -> EnrolForm:
    form = EnrolForm(formdata)
    hanging = stations.hanging(reading(), place.id)
    form.station.choices = [
        (str(station.id), station.name) for station in hanging if station.kind == StationKind.DOOR
    ]
    return form


def _enrolling(place: SiteView, form: EnrolForm) -> str:
    return render_template("visits/enrol.html", site=place, form=form)


def _kiosk(place: SiteView) -> KioskView | None:
    secret = request.cookies.get(COOKIE, "")
    found = kiosks.of_secret(reading(), secret) if secret else None
    return found if found is not None and found.site_id == place.id else None


def _needed(place: SiteView) -> KioskView:
    kiosk = _kiosk(place)
    if kiosk is None:
        raise NotFound
    return kiosk


def _way(text: str) -> Way:
    return Way.PASS if text.strip().startswith("labops:") else Way.TYPED


def _renewed(response: BaseResponse) -> BaseResponse:
    return _with_cookie(response, request.cookies[COOKIE])


def _with_cookie(response: BaseResponse, secret: str) -> BaseResponse:
    response.set_cookie(
        COOKIE,
        secret,
        max_age=KEPT,
        path="/door",
        httponly=True,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        samesite="Strict",
    )
    return response


def _json(body: dict[str, Any]) -> Response:
    response = Response(as_json(body), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
