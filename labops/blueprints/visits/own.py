"""My pass: a code that changes, to be shown at the door; and the door's digits, to be typed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import qr
from labops.blueprints.access import current_actor, current_person, signed_in
from labops.blueprints.api.base import as_json
from labops.blueprints.errors import reasons_of
from labops.blueprints.visits.base import bp, new_nonce, sent_nonce
from labops.domain.people import queries as people
from labops.domain.sites import queries as sites
from labops.domain.visits import codes, queries, services, typing
from labops.domain.visits.commands import Scan
from labops.domain.visits.states import Act, Way
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound, Problem


@bp.get("/pass")
@signed_in
def own_pass() -> ResponseReturnValue:
    """Show the pass as it is now; a script lets it change by itself."""
    return _page()


@bp.get("/pass/codes")
@signed_in
def own_codes() -> Response:
    """Answer with the codes of the next minutes, so that the pass works without a connection."""
    now = clock.now()
    first = codes.step_at(now, codes.PASS_STEP)
    shown = [_code(step) for step in range(first, first + codes.PREFETCHED)]
    response = Response(as_json({"now": now, "codes": shown}), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/pass/type")
@signed_in
def type_code() -> ResponseReturnValue:
    """Come in by the digits on the screen at the door."""
    actor, now = current_actor(), clock.now()
    nonce = sent_nonce(request.form.get("nonce", ""))
    try:
        station_id, site_id, screen = typing.station_of(
            reading(), request.form.get("digits", "")[:30], now=now
        )
    except NotFound:
        return _page([Problem("pass.unknown")], typed=request.form.get("digits", "")[:30]), 422
    command = Scan(
        site_id=site_id,
        station_id=station_id,
        device=f"person:{actor.require_person()}",
        nonce=nonce,
        act=Act.CHECK_IN,
        way=Way.TYPED,
        screen=screen,
    )
    outcome = services.scan(command, actor=actor, now=now)
    if not outcome.welcome:
        return _page(outcome.problems, typed=request.form.get("digits", "")[:30]), 409
    return redirect(url_for(".own_pass", done=outcome.result), 303)


@bp.post("/pass/leave")
@signed_in
def leave() -> ResponseReturnValue:
    """Leave, from wherever."""
    actor = current_actor()
    visit = queries.own_visit(reading(), actor.require_person())
    if visit is not None:
        nonce = sent_nonce(request.form.get("nonce", ""))
        device = f"person:{actor.require_person()}"
        services.send_out(visit[2], device=device, nonce=nonce, actor=actor, now=clock.now())
    return redirect(url_for(".own_pass", done="checked_out"), 303)


def _page(problems: tuple[Problem, ...] | list[Problem] = (), typed: str = "") -> str:
    actor, session, now = current_actor(), reading(), clock.now()
    visit = queries.own_visit(session, actor.require_person())
    site = sites.by_id(session, visit[0]) if visit else None
    done = {"checked_in": _("You are in."), "checked_out": _("Goodbye!")}
    return render_template(
        "visits/pass.html",
        person=current_person(),
        code=_code(codes.step_at(now, codes.PASS_STEP)),
        site=site,
        since=visit[1] if visit else None,
        reasons=reasons_of(problems),
        typed=typed,
        nonce=new_nonce(),
        done=done.get(request.args.get("done", "")),
    )


def _code(step: int) -> dict[str, Any]:
    """Return the pass of one step of time: until when it is shown, as a picture and as digits."""
    session = reading()
    person_id = current_actor().require_person()
    uid = people.uid_of(session, person_id)
    key = queries.pass_key(session)
    text = codes.pass_text(key, uid, step)
    until: datetime = codes.begins_at(step + 1, codes.PASS_STEP)
    return {
        "until": until,
        "svg": qr.svg(text, title=_("Your pass")),
        "digits": in_groups(codes.pass_digits(key, person_id, uid, step)),
    }


def in_groups(digits: str) -> str:
    """Return digits in groups of three from the right, as people read them out."""
    backwards = digits[::-1]
    groups = [backwards[i : i + 3] for i in range(0, len(backwards), 3)]
    return " ".join(groups)[::-1]
