"""One's own bookings, and the form for a new one."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import Place, bp, chosen_place, places, same_page
from labops.blueprints.bookings.forms import (
    NOTE_LENGTH,
    BookForm,
    ReadSlot,
    prefilled,
    read_slot,
    wait_address,
)
from labops.blueprints.errors import reasons_of
from labops.domain.bookings import queries, services
from labops.domain.bookings.commands import Book
from labops.domain.bookings.queries import BookingView, OwnSearch
from labops.domain.bookings.states import BookingState
from labops.domain.closures import queries as closures
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import MachineView
from labops.domain.people import queries as people
from labops.domain.waiting import queries as waiting
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.idempotency import Keyed
from labops.kernel.ids import new_uid
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission

PAGE = 50
MOST_IN_FILE = 10_000
WHEN = {"coming": True, "past": False, "all": None}
CSV_COLUMNS = ("uid", "site", "machines", "starts_at", "ends_at", "state", "note")


@bp.get("/bookings")
@signed_in
def index() -> ResponseReturnValue:
    """List the actor's own bookings; `format=csv` gives all that match as a file."""
    actor, now = current_actor(), clock.now()
    when = request.args.get("when", "coming")
    when = when if when in WHEN else "coming"
    page = _page_number()
    as_file = request.args.get("format") == "csv"
    found, count = queries.own(
        reading(),
        OwnSearch(
            person_id=actor.require_person(),
            now=now,
            coming=WHEN[when],
            state=request.args.get("state") or None,
            site=request.args.get("site") or None,
            machine=request.args.get("machine") or None,
            offset=0 if as_file else (page - 1) * PAGE,
            limit=MOST_IN_FILE if as_file else PAGE,
        ),
        actor,
    )
    if as_file:
        return _file(found)
    return render_template(
        "bookings/index.html",
        bookings=found,
        offers=waiting.held_of_person(reading(), actor.require_person(), now=now),
        count=count,
        page=page,
        page_count=-(-count // PAGE),
        when=when,
        places=places(),
        states=[state.value for state in BookingState],
        same_page=same_page,
        url_of=lambda number: same_page(page=number),
        filtered=bool({"state", "site", "machine"} & {k for k, v in request.args.items() if v}),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form for a new booking offers: the site's machines, and who is asked for."""

    place: Place
    machines: list[MachineView]
    staff: bool
    may_override: bool


@bp.get("/bookings/new")
@signed_in
def new() -> ResponseReturnValue:
    """Show the form, filled with what the address says."""
    actor = current_actor()
    offer = _offer(actor, request.args.getlist("machine"))
    suggested = _suggested(offer, clock.now())
    form = BookForm(request.args, data=suggested)
    form.machines.data = request.args.getlist("machine")
    form.key.data = new_uid()
    for name in ("date", "start", "end", "end_date"):
        if not form[name].data:  # an address that cannot be read is no mistake of the reader's
            form[name].raw_data = None
            form[name].data = suggested[name]
            form[name].process_errors = []
    if "end" in request.args and "length" not in request.args:
        form.length.data = "until"
    elif not form.length.data:
        form.length.data = "60"
    return _form_page(form, offer)


@bp.post("/bookings/new")
@signed_in
def create() -> ResponseReturnValue:
    """Book, or show the form again with every reason against it."""
    actor = current_actor()
    form = BookForm(request.form)
    try:
        offer, known = _offer(actor, form.machines.data or []), True
    except NotFound:
        offer, known = _offer(actor, []), False
    valid = form.validate()
    if not known:
        form.machines.errors = [_("There is no such machine.")]
    typed = read_slot(form, offer.place.zone)
    if not valid or not known or typed is None:
        return _form_page(form, offer), 422
    try:
        uid = services.book(_command(form, typed), actor=actor, now=clock.now())
    except Refused as refused:
        return _form_page(form, offer, refused.problems, typed), 409
    except (Invalid, NotFound) as error:
        _explain(form, error)
        return _form_page(form, offer), 422
    flash(_("Booked."), "success")
    for remark in typed.remarks:
        flash(remark, "warning")
    return redirect(url_for(".show", uid=uid), 303)


def _command(form: BookForm, typed: ReadSlot) -> Book:
    asked = "|".join(f"{name}={request.form.getlist(name)}" for name in sorted(request.form))
    once = hashlib.sha256(asked.encode()).hexdigest()
    return Book(
        machines=tuple(form.machines.data or ()),
        slot=typed.slot,
        note=str(form.note.data or "").strip()[:NOTE_LENGTH],
        override_reason=str(form.override_reason.data or "").strip(),
        for_person_uid=str(form.person.data or "").strip() or None,
        # The same form sent twice, by an impatient finger, books once; `key` tells two forms apart.
        keyed=Keyed(f"page:{once}", once) if form.key.data else None,
    )


def _explain(form: BookForm, error: Invalid | NotFound) -> None:
    """Put what the use case objects to at its field."""
    if isinstance(error, NotFound):
        if form.person.data:
            form.person.errors = [_("There is nobody with this identifier.")]
        else:
            form.machines.errors = [_("There is no such machine.")]
        return
    for problem in error.problems:
        name = str(problem.params.get("field", ""))
        field = form[name if name in form else "machines"]
        sentences = [reason.detail for reason in reasons_of([problem])]
        field.errors = [*field.errors, *sentences]


def _form_page(
    form: BookForm,
    offer: Offer,
    problems: Sequence[Problem] = (),
    typed: ReadSlot | None = None,
) -> str:
    chosen = set(form.machines.data or ())
    for_whom = str(form.person.data or "").strip()
    return render_template(
        "bookings/new.html",
        form=form,
        offer=offer,
        places=places(),
        chosen=[machine for machine in offer.machines if machine.slug in chosen],
        others=[machine for machine in offer.machines if machine.slug not in chosen],
        rules=[(m, _rules(m)) for m in offer.machines if m.slug in chosen],
        reasons=reasons_of(problems),
        remarks=typed.remarks if typed else (),
        wait_url=wait_address(form.machines.data or (), typed.slot, offer.place.zone)
        if typed and any(problem.code == "booking.overlap" for problem in problems)
        else "",
        for_name=_name_of(for_whom) if offer.staff and for_whom else "",
    )


def _offer(actor: Actor, slugs: list[str]) -> Offer:
    among = places()
    first = machines.by_slug(reading(), slugs[0]) if slugs else None
    site = first.site if first else request.values.get("site")
    place = chosen_place(among, site, actor)
    return Offer(
        place=place,
        machines=machines.search(reading(), site=place.slug),
        staff=actor.may(Permission.BOOKING_EDIT_OTHERS, place.id),
        may_override=actor.may(Permission.BOOKING_OVERRIDE, place.id),
    )


def _suggested(offer: Offer, now: datetime) -> dict[str, Any]:
    """Return the next full hour in which the site is open, for one hour."""
    place = offer.place
    start = (now + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    week = Interval(start, start + timedelta(days=7))
    opening = closures.open_during(
        reading(), place.id, week, revision=place.revision, zone=place.zone
    )
    start = next((max(span.starts_at, start) for span in opening), start)
    values = prefilled(Interval(start, start + timedelta(hours=1)), place.zone)
    values["person"] = request.args.get("for", "")
    values["end_date"] = values["end"] = None
    return values


def _rules(machine: MachineView) -> HouseRules:
    return rules_in_force(
        reading(),
        machine.site_id,
        machine.site_revision,
        category=machine.type_slug,
        machine=machine.slug,
    )


def _name_of(uid: str) -> str:
    try:
        return people.seen_by(reading(), uid, current_actor()).name
    except NotFound:
        return ""


def _page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1  # noqa: PLR2004


def _file(found: Iterable[BookingView]) -> Response:
    """Return bookings as CSV, times in their site's zone with the offset."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    for booking in found:
        zone = local_time.zone(booking.zone)
        writer.writerow(
            _cell(value)
            for value in (
                booking.uid,
                booking.site,
                " ".join(booking.machines),
                booking.starts_at.astimezone(zone).isoformat(),
                booking.ends_at.astimezone(zone).isoformat(),
                booking.state,
                booking.note or "",
            )
        )
    return Response(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="bookings.csv"'},
    )


def _cell(value: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
