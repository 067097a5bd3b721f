"""The form for a new booking."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, signed_in, worn_hat
from labops.blueprints.asked import (
    Questions,
    form_with,
    people_in,
    put_reasons,
    questions_for,
    rules_for,
    said_in,
)
from labops.blueprints.bookings import repeating
from labops.blueprints.bookings.base import Place, bp, chosen_place, places
from labops.blueprints.bookings.checking import Checked, check_of_booking
from labops.blueprints.bookings.forms import (
    NOTE_LENGTH,
    BookForm,
    ReadSlot,
    read_slot,
    wait_address,
)
from labops.blueprints.errors import reasons_of
from labops.blueprints.slots import UNTIL, prefilled
from labops.domain.bookings import services
from labops.domain.bookings.commands import Book
from labops.domain.closures import queries as closures
from labops.domain.machines import queries as machines
from labops.domain.machines.queries import MachineView
from labops.domain.people import queries as people
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.idempotency import Keyed
from labops.kernel.ids import new_uid
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission

TIMES = ("date", "start", "end", "end_date")
# A note longer than this is not carried along in addresses of other times.
LONGEST_CARRIED = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form offers: the site's machines, what is asked of the chosen, who is asked for."""

    place: Place
    machines: list[MachineView]
    chosen: list[MachineView]
    questions: Questions
    staff: bool
    may_override: bool


@bp.get("/bookings/new")
@signed_in
def new() -> ResponseReturnValue:
    """Show the form, filled with what the address says."""
    actor = current_actor()
    offer = _offer(actor, request.args.getlist("machine"))
    suggested = _suggested(offer, clock.now())
    form = form_with(BookForm, offer.questions)(request.args, data=suggested)
    form.machines.data = request.args.getlist("machine")
    form.key.data = new_uid()
    if "people" in form and "people" not in request.args:
        form["people"].data = 1
    for name in TIMES:
        if not form[name].data:  # an address that cannot be read is no mistake of the reader's
            form[name].raw_data = None
            form[name].data = suggested[name]
            form[name].process_errors = []
    if "end" in request.args and "length" not in request.args:
        form.length.data = UNTIL
    elif not form.length.data:
        form.length.data = "60"
    return _form_page(form, offer)


@bp.post("/bookings/new")
@signed_in
def create() -> ResponseReturnValue:
    """Book, check, or only look what is asked for machines; all that was typed is kept."""
    actor, act = current_actor(), request.form.get("act", "book")
    try:
        offer, known = _offer(actor, request.form.getlist("machines")), True
    except NotFound:
        offer, known = _offer(actor, []), False
    form = form_with(BookForm, offer.questions)(request.form)
    if act == "choose" and known:
        return _form_page(form, offer)
    valid = form.validate()
    if not known:
        form.machines.errors = [_("There is no such machine.")]
    typed = read_slot(form, offer.place.zone)
    if not valid or not known or typed is None:
        return _form_page(form, offer), 422
    try:
        return _answer(form, offer, typed, act)
    except Refused as refused:
        return _refusal(form, offer, typed, refused), 409
    except (Invalid, NotFound) as error:
        _explain(form, error)
        return _form_page(form, offer), 422


def _answer(form: BookForm, offer: Offer, typed: ReadSlot, act: str) -> ResponseReturnValue:
    """Check or book what the form says; a wish that repeats is first shown whole."""
    command = _command(form, typed)
    if form.repeat.data:
        return repeating.answer(form, offer.place, command, typed.remarks)
    if act == "check":
        checked = check_of_booking(command, _carried(form))
        return _form_page(form, offer, checked=checked, remarks=typed.remarks)
    uid = services.book(command, actor=current_actor(), now=clock.now())
    flash(_("Booked."), "success")
    for remark in typed.remarks:
        flash(remark, "warning")
    return redirect(url_for(".show", uid=uid), 303)


def _refusal(form: BookForm, offer: Offer, typed: ReadSlot, refused: Refused) -> str:
    """Show the form with every reason, and every other rule; first of all what would help."""
    try:
        checked = check_of_booking(_command(form, typed), _carried(form))
    except (Refused, Invalid, NotFound):  # so long a slot that the rules are not even asked
        return _form_page(form, offer, refused.problems, typed.remarks)
    problems = refused.problems
    put_reasons(form, problems, [reasons_of([problem])[0].detail for problem in problems])
    return _form_page(form, offer, problems, typed.remarks, checked)


def _command(form: BookForm, typed: ReadSlot) -> Book:
    asked = "|".join(f"{name}={request.form.getlist(name)}" for name in sorted(request.form))
    once = hashlib.sha256(asked.encode()).hexdigest()
    return Book(
        machines=tuple(form.machines.data or ()),
        slot=typed.slot,
        note=str(form.note.data or "").strip()[:NOTE_LENGTH],
        override_reason=str(form.override_reason.data or "").strip(),
        for_person_uid=str(form.person.data or "").strip() or None,
        firm_uid="" if form.person.data else worn_hat(),
        people=people_in(form),
        fields=said_in(form.data),
        # The same form sent twice, by an impatient finger, books once; `key` tells two forms apart.
        keyed=Keyed(f"page:{once}", once) if form.key.data else None,
    )


def _carried(form: BookForm) -> dict[str, str]:
    """Return what was typed besides machines and times, for the addresses of other times."""
    carried = {f"said-{name}": said for name, said in said_in(form.data).items()}
    if people_in(form) != 1:
        carried["people"] = str(people_in(form))
    note = str(form.note.data or "").strip()
    if note:
        carried["note"] = note[:LONGEST_CARRIED]
    if form.person.data:
        carried["for"] = str(form.person.data)
    return carried


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
    remarks: Sequence[str] = (),
    checked: Checked | None = None,
) -> str:
    chosen = {machine.slug for machine in offer.chosen}
    for_whom = str(form.person.data or "").strip()
    return render_template(
        "bookings/new.html",
        form=form,
        offer=offer,
        places=places(),
        chosen=offer.chosen,
        others=[machine for machine in offer.machines if machine.slug not in chosen],
        rules=[(machine, rules_for(machine, current_actor())) for machine in offer.chosen],
        reasons=reasons_of(problems),
        remarks=remarks,
        checked=checked,
        refused=bool(problems),
        wait_url=_wait_url(form, offer, problems),
        for_name=_name_of(for_whom) if offer.staff and for_whom else "",
    )


def _wait_url(form: BookForm, offer: Offer, problems: Sequence[Problem]) -> str:
    """Return where to wait for the time, when it is taken."""
    if not any(problem.code == "booking.overlap" for problem in problems):
        return ""
    typed = read_slot(form, offer.place.zone)
    return wait_address(form.machines.data or (), typed.slot, offer.place.zone) if typed else ""


def _offer(actor: Actor, slugs: list[str]) -> Offer:
    among = places()
    first = machines.by_slug(reading(), slugs[0]) if slugs else None
    site = first.site if first else request.values.get("site")
    place = chosen_place(among, site, actor)
    inventory = machines.search(reading(), site=place.slug)
    chosen = [machine for machine in inventory if machine.slug in slugs]
    return Offer(
        place=place,
        machines=inventory,
        chosen=chosen,
        questions=questions_for(chosen, actor),
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


def _name_of(uid: str) -> str:
    try:
        return people.seen_by(reading(), uid, current_actor()).name
    except NotFound:
        return ""
