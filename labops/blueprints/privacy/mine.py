"""One's own data: what is held, who looked, what one agrees to, and all of it as a file."""

from __future__ import annotations

import io
import json
import zipfile

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import ical
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import home_zone
from labops.blueprints.privacy import words
from labops.blueprints.privacy.base import bp
from labops.domain.bookings import queries as bookings
from labops.domain.bookings.queries import BookingView, OwnSearch
from labops.domain.bookings.states import BookingState
from labops.domain.privacy import holding, queries, services
from labops.domain.privacy.purposes import Purpose
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.instance import instance_id

CALENDAR_STATES: dict[str, ical.State] = {
    BookingState.REQUESTED: "tentative",
    BookingState.CANCELLED: "cancelled",
    BookingState.REJECTED: "cancelled",
    BookingState.MISSED: "cancelled",
}


@bp.get("/profile/data")
@signed_in
def mine() -> ResponseReturnValue:
    """Show what is held about the actor, and let her decide what she agrees to."""
    actor, session = current_actor(), reading()
    person_id = actor.require_person()
    held = holding.held(session, person_id)
    return render_template(
        "privacy/mine.html",
        counts=[(words.TABLES.get(name, name), len(rows)) for name, rows in held.items()],
        decisions=queries.decisions(session, person_id),
        purposes=words.PURPOSES,
        looks=queries.looks_at(session, person_id),
        look_names=words.LOOKS,
        zone=home_zone(actor),
    )


@bp.post("/profile/consents")
@signed_in
def consents() -> ResponseReturnValue:
    """Keep what the actor agrees to; what is not ticked is a no."""
    given = {purpose for purpose in Purpose if purpose.value in request.form.getlist("purpose")}
    services.decide(given, actor=current_actor(), now=clock.now())
    flash(_("Your choice was saved."), "success")
    return redirect(url_for(".mine"), 303)


@bp.get("/profile/data.zip")
@signed_in
def download() -> Response:
    """Answer with everything as JSON, and the bookings as a calendar besides."""
    actor, session = current_actor(), reading()
    held = holding.held(session, actor.require_person())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(held, default=str, ensure_ascii=False, indent=2, sort_keys=True)
        archive.writestr("data.json", text)
        archive.writestr("bookings.ics", _calendar())
    response = Response(buffer.getvalue(), content_type="application/zip")
    response.headers["Content-Disposition"] = 'attachment; filename="labops-data.zip"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _calendar() -> bytes:
    """Return all bookings of the actor as a calendar, old and cancelled ones too."""
    actor, session, now = current_actor(), reading(), clock.now()
    fragments: list[bytes] = []
    for coming in (False, True):
        search = OwnSearch(person_id=actor.require_person(), now=now, coming=coming, limit=100_000)
        found, _count = bookings.own(session, search, actor)
        fragments += [_fragment(one) for one in found]
    return ical.feed_bytes(fragments, name="labops")


def _fragment(one: BookingView) -> bytes:
    root = current_app.config["LABOPS"].public_url
    return ical.event_bytes(
        ical.FeedEvent(
            uid=one.uid,
            sequence=one.sequence,
            created_at=one.created_at,
            revised_at=one.revised_at,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            state=CALENDAR_STATES.get(BookingState(one.state), "confirmed"),
            summary=", ".join(one.machine_names),
            url=f"{root}{url_for('bookings.show', uid=one.uid)}",
        ),
        instance_id=instance_id(reading()),
    )
