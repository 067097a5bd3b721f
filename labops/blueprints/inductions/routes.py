"""Inductions for everybody: the list, one session, signing up and giving up."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.access import current_actor, public, signed_in
from labops.blueprints.inductions.base import (
    bp,
    found_session,
    index_address,
    places_in_words,
    session_page,
    sign_up_name,
    type_name,
)
from labops.blueprints.sites.base import asked
from labops.domain.inductions import queries, signing
from labops.domain.inductions.queries import Search
from labops.domain.inductions.states import SignUpState
from labops.domain.inductions.views import SessionView
from labops.domain.sites.queries import all_sites
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Refused
from labops.kernel.permissions import Permission

PAGE = 30
MOST_IN_FILE = 10_000
MOST_PAGES = 10_000
CSV_COLUMNS = (
    *("uid", "machine_type", "level", "site", "space", "starts_at", "ends_at", "teacher"),
    *("places", "free", "waiting", "price", "address"),
)


@bp.get("/inductions")
@public
def index() -> ResponseReturnValue:
    """List the sessions that the filters of the address leave."""
    session, now, actor = reading(), clock.now(), current_actor()
    page, given = _page_number(), _given()
    found, count = queries.listed(session, _search(limit=PAGE, offset=(page - 1) * PAGE))
    mine = {}
    if actor.person_id is not None:
        mine = queries.states_of(session, actor.person_id, [one.id for one in found])
    language = formats.language()
    sites = all_sites(session)
    return render_template(
        "inductions/index.html",
        inductions=found,
        count=count,
        now=now,
        page=page,
        page_count=-(-count // PAGE),
        url_of=lambda number: index_address(**given, page=number),
        csv_url=url_for(".export", **given),
        given=given,
        sites=[(site.slug, site.name) for site in sites],
        types=[(slug, it if language == "it" else en) for slug, it, en in queries.types(session)],
        mine={key: sign_up_name(state) for key, state in mine.items() if state != "cancelled"},
        type_name=type_name,
        places=places_in_words,
        staffed=[site for site in sites if actor.may(Permission.INDUCTION_EDIT, site.id)],
    )


@bp.get("/inductions.csv")
@public
def export() -> Response:
    """Answer with the sessions that the filters leave, times in their site's zone."""
    found, _count = queries.listed(reading(), _search(limit=MOST_IN_FILE))
    return _file(found)


@bp.get("/inductions/<uid>")
@public
def show(uid: str) -> ResponseReturnValue:
    """Show a session, and to whoever is signed in what stands against a place in it."""
    return session_page(found_session(uid))


@bp.post("/inductions/<uid>/sign-up")
@signed_in
def sign_up(uid: str) -> ResponseReturnValue:
    """Take a place, or with `waits` one on the waiting list when every place is taken."""
    induction = found_session(uid)
    waits = request.form.get("waits") == "yes"
    try:
        state = signing.sign_up(
            uid, actor=current_actor(), now=clock.now(), waits=waits, seen_price=_seen_price()
        )
    except Refused as refused:
        return session_page(found_session(induction.uid), refused.problems), 409
    if state is SignUpState.WAITING:
        flash(_("You are on the waiting list. If a place comes free, you move up."), "success")
    else:
        flash(_("You have a place in this induction."), "success")
    return redirect(url_for(".show", uid=uid), 303)


@bp.post("/inductions/<uid>/give-up")
@signed_in
def give_up(uid: str) -> ResponseReturnValue:
    """Give up one's place, or the wait for one."""
    induction = found_session(uid)
    try:
        late = signing.give_up(uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return session_page(found_session(induction.uid), refused.problems), 409
    flash(_("You are not in this induction any more."), "success")
    if late:
        flash(_("It was late: it had been decided that it takes place."), "warning")
    return redirect(url_for(".show", uid=uid), 303)


def _seen_price() -> Decimal | None:
    """Return the price that the page showed, in euro."""
    try:
        price = Decimal(request.form.get("price", ""))
    except InvalidOperation:
        return None
    return price if price.is_finite() else None


def _given() -> dict[str, Any]:
    """Return the filters of the address, without what filters nothing."""
    named = {"site": asked("site"), "type": asked("type")}
    for name in ("free", "past"):
        named[name] = "1" if asked(name) == "1" else ""
    return {name: value for name, value in named.items() if value}


def _search(*, limit: int, offset: int = 0) -> Search:
    given = _given()
    return Search(
        now=clock.now(),
        site=given.get("site", ""),
        machine_type=given.get("type", ""),
        only_free="free" in given and "past" not in given,
        past="past" in given,
        limit=limit,
        offset=offset,
    )


def _page_number() -> int:
    text = asked("page")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004
    return min(max(number, 1), MOST_PAGES)


def _file(found: Iterable[SessionView]) -> Response:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for one in found:
        zone = local_time.zone(one.zone)
        row = (
            *(one.uid, one.type_slug, one.level, one.site_slug, one.space or ""),
            one.starts_at.astimezone(zone).isoformat(),
            one.ends_at.astimezone(zone).isoformat(),
            *(one.teacher, one.places, one.free_count, one.waiting_count),
            "" if one.price is None else one.price,
            url_for(".show", uid=one.uid, _external=True),
        )
        writer.writerow(_cell(str(value)) for value in row)
    return Response(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="inductions.csv"'},
    )


def _cell(value: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
