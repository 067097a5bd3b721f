"""Joining the waiting list: for a machine, or for any of a kind, in a span of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import Place, chosen_place, places
from labops.blueprints.bookings.forms import NOTE_LENGTH, ReadSlot, read_slot
from labops.blueprints.errors import reasons_of
from labops.blueprints.slots import prefilled
from labops.blueprints.waiting.base import booking_address, bp
from labops.blueprints.waiting.forms import FIELD_PREFIX, JoinForm
from labops.domain.house_rules.parts import FieldRule
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines import queries as machines
from labops.domain.machines.processes import process_name
from labops.domain.machines.queries import MachineView
from labops.domain.waiting import services
from labops.domain.waiting.services import Join
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.interval import Interval

# What the use case calls a field, and where it stands in the form.
_STANDS_AT = {"earliest": "start", "latest": "end", "length": "minutes", "machines": "what"}


@bp.get("/waiting/new")
@signed_in
def new() -> ResponseReturnValue:
    """Show the form, filled with what the address says."""
    asked = _asked_for()
    place = _place(asked)
    form = JoinForm(request.args, data=_suggested(place), whats=_whats(place, asked))
    form.what.data = asked
    for name, value in _suggested(place).items():
        if not form[name].data:  # an address that cannot be read is no mistake of the reader's
            form[name].raw_data, form[name].process_errors = None, []
            form[name].data = value
    return _page(form, place)


@bp.post("/waiting/new")
@signed_in
def join() -> ResponseReturnValue:
    """Join the list, or show the form again with every reason against it."""
    asked = request.form.get("what", "")
    place = _place(asked)
    form = JoinForm(request.form, whats=_whats(place, asked))
    valid = form.validate()
    typed = read_slot(form, place.zone)
    if not valid or typed is None:
        return _page(form, place), 422
    try:
        services.join(_command(form, typed, place), actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _page(form, place, refused.problems, typed), 409
    except (Invalid, NotFound) as error:
        _explain(form, error)
        return _page(form, place), 422
    flash(_("You are on the waiting list. You get a mail as soon as it is your turn."), "success")
    for remark in typed.remarks:
        flash(remark, "warning")
    return redirect(url_for(".index"), 303)


def _command(form: JoinForm, typed: ReadSlot, place: Place) -> Join:
    kind, _colon, key = str(form.what.data or "").partition(":")
    minutes = str(form.minutes.data or "")
    if not minutes.isdecimal() or len(minutes) > 5:  # noqa: PLR2004 - a month has 43200
        raise Invalid.field("length", "field.required")
    return Join(
        window=typed.slot,
        length=timedelta(minutes=int(minutes)),
        machines=tuple(key.split("+")) if kind == "machine" and key else (),
        site=place.slug,
        category=key if kind == "category" else "",
        process=key if kind == "process" else "",
        people=1 if form.people.data is None else form.people.data,
        fields={name: said for name, said in _said().items() if said},
        note=str(form.note.data or "").strip()[:NOTE_LENGTH],
    )


def _explain(form: JoinForm, error: Invalid | NotFound) -> None:
    """Put what the use case objects to at its field."""
    if isinstance(error, NotFound):
        form.what.errors = [_("There is no such machine.")]
        return
    for problem in error.problems:
        name = str(problem.params.get("field", ""))
        field = form[name if name in form else _STANDS_AT.get(name, "what")]
        field.errors = [*field.errors, *(reason.detail for reason in reasons_of([problem]))]


def _page(
    form: JoinForm,
    place: Place,
    problems: Sequence[Problem] = (),
    typed: ReadSlot | None = None,
) -> str:
    return render_template(
        "waiting/new.html",
        form=form,
        place=place,
        places=places(),
        reasons=reasons_of(problems),
        remarks=typed.remarks if typed else (),
        book_url=_book_url(problems, place),
        asked=[(FIELD_PREFIX + rule.name, rule) for rule in _field_rules(form, place)],
        said={FIELD_PREFIX + name: said for name, said in _said().items()},
    )


def _book_url(problems: Sequence[Problem], place: Place) -> str:
    """Return where to book what is free already."""
    for problem in problems:
        if problem.code == "waiting.free-now":
            slot = Interval(problem.params["starts_at"], problem.params["ends_at"])
            return booking_address(problem.params["machine"], slot, place.zone.key)
    return ""


def _asked_for() -> str:
    """Return what the address asks for: machines by slug, or a kind."""
    slugs = [slug for slug in request.args.getlist("machine") if slug]
    if slugs:
        return f"machine:{'+'.join(slugs)}"
    for kind in ("category", "process"):
        if request.args.get(kind):
            return f"{kind}:{request.args[kind]}"
    return ""


def _place(asked: str) -> Place:
    """Return the site of the machine, else the one that is asked for."""
    kind, _colon, key = asked.partition(":")
    site = request.values.get("site")
    if kind == "machine" and key:
        try:
            site = machines.by_slug(reading(), key.split("+")[0]).site
        except NotFound:
            site = None
    return chosen_place(places(), site, current_actor())


def _listed(place: Place) -> list[MachineView]:
    """Return the machines of the site that have a waiting list."""
    found = machines.search(reading(), site=place.slug)
    return [machine for machine in found if _rules(machine).waiting_list]


def _whats(place: Place, asked: str) -> list[tuple[str, str]]:
    """Return what one may wait for at the site, any of a kind first."""
    listed, language = _listed(place), formats.language()
    categories = {machine.type_slug: machine.type_name(language) for machine in listed}
    processes = {one.process: process_name(one.process, language) for one in listed}
    choices = [
        *_of_kind("category", categories),
        *_of_kind("process", processes),
        *((f"machine:{machine.slug}", machine.name) for machine in listed),
    ]
    names = {machine.slug: machine.name for machine in listed}
    several = asked.removeprefix("machine:").split("+")
    if len(several) > 1 and all(slug in names for slug in several):
        choices.append((asked, ", ".join(names[slug] for slug in several)))
    return choices


def _of_kind(kind: str, names: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (f"{kind}:{key}", str(_("%(kind)s: any machine", kind=name)))
        for key, name in sorted(names.items(), key=lambda one: one[1].casefold())
    ]


def _field_rules(form: JoinForm, place: Place) -> list[FieldRule]:
    """Return what has to be said when booking what is chosen, each name once."""
    kind, _colon, key = str(form.what.data or "").partition(":")
    found: dict[str, FieldRule] = {}
    for machine in _listed(place):
        fits = {
            "machine": machine.slug in key.split("+"),
            "category": machine.type_slug == key,
            "process": machine.process == key,
        }
        if fits.get(kind):
            for rule in _rules(machine).fields:
                found.setdefault(rule.name, rule)
    return list(found.values())


def _said() -> dict[str, str]:
    return {
        name.removeprefix(FIELD_PREFIX): said.strip()
        for name, said in request.form.items()
        if name.startswith(FIELD_PREFIX)
    }


def _rules(machine: MachineView) -> HouseRules:
    return rules_in_force(
        reading(),
        machine.site_id,
        machine.site_revision,
        category=machine.type_slug,
        machine=machine.slug,
    )


def _suggested(place: Place) -> dict[str, Any]:
    """Return tomorrow between nine and six, for one hour."""
    local = clock.now().astimezone(place.zone) + timedelta(days=1)
    start = datetime(local.year, local.month, local.day, 9, tzinfo=place.zone)
    values = prefilled(Interval(start, start + timedelta(hours=9)), place.zone)
    del values["length"]
    return {**values, "end_date": None, "minutes": "60", "people": 1}
