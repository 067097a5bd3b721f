"""What a lab says of itself: pages for whoever speaks for it, and for officers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.labs.base import bp
from labops.blueprints.labs.forms import LabForm, PlaceForm, RegisterForm
from labops.blueprints.labs.words import fact_name
from labops.blueprints.sites.base import key, put_errors
from labops.blueprints.sites.forms import HoursForm
from labops.domain.labs import equipment, queries, registering, services, verifying
from labops.domain.labs.commands import DescribeLab, Opening
from labops.domain.labs.public import FACTS
from labops.domain.labs.queries import OwnView
from labops.domain.labs.rights import today
from labops.domain.sites.queries import WeeklyHours
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Invalid, NotFound, Refused


def own_lab(slug: str) -> OwnView:
    """Return a lab that the actor may change; raises `NotFound` when it is not theirs."""
    return queries.own_lab(reading(), key(slug), current_actor(), now=clock.now())


def on_lab(lab: OwnView) -> dict[str, Any]:
    """Return who acts on which lab and when, as every use case wants to know it."""
    return {"lab_id": lab.public.id, "actor": current_actor(), "now": clock.now()}


@bp.get("/labs/mine")
@signed_in
def mine() -> ResponseReturnValue:
    """List the labs that one speaks for."""
    person_id = current_actor().require_person()
    labs = queries.labs_of_person(reading(), person_id, on=today(clock.now()))
    return render_template("labs/mine.html", labs=labs)


@bp.get("/labs/new")
@signed_in
def new() -> ResponseReturnValue:
    """Show the form to bring a lab in."""
    return render_template("labs/new.html", form=RegisterForm(data={"city": "Milano"}))


@bp.post("/labs/new")
@signed_in
def register() -> ResponseReturnValue:
    """Bring a lab in, which its page then tells more of."""
    form = RegisterForm(request.form)
    if form.validate():
        described = DescribeLab(
            public_name=str(form.public_name.data), website=str(form.website.data or "")
        )
        place = replace(form.to_command(), is_main=True, shown=True)
        try:
            slug = registering.register_lab(
                described, place, actor=current_actor(), now=clock.now()
            )
        except (Invalid, Refused) as refused:
            put_errors(form, refused.problems)
        else:
            flash(_("The lab is here now. Say what it does and which machines it has."), "success")
            return redirect(url_for(".edit", slug=slug), 303)
    return render_template("labs/new.html", form=form), 422


@bp.get("/labs/<slug>/edit")
@signed_in
def edit(slug: str) -> ResponseReturnValue:
    """Show the form for what the lab says of itself."""
    lab = own_lab(slug)
    return _page(lab, LabForm.of(lab.described))


@bp.post("/labs/<slug>/edit")
@signed_in
def save(slug: str) -> ResponseReturnValue:
    """Save it, or show the form again with what is wrong."""
    lab = own_lab(slug)
    form = LabForm(request.form)
    if not form.validate():
        return _page(lab, form), 422
    try:
        services.describe_lab(command=form.to_command(), revision=_revision(), **on_lab(lab))
    except Changed:
        reading().rollback()
        form.form_errors.append(
            _("Somebody else changed this meanwhile. Compare, and save again to write over it.")
        )
        return _page(own_lab(slug), form), 409
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(lab, form), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".edit", slug=slug), 303)


@bp.get("/labs/<slug>/hours")
@signed_in
def hours(slug: str) -> ResponseReturnValue:
    """Show the form for when the lab is open."""
    lab = own_lab(slug)
    return _hours_page(lab, HoursForm.of(WeeklyHours(tuple(lab.public.hours))))


@bp.post("/labs/<slug>/hours")
@signed_in
def save_hours(slug: str) -> ResponseReturnValue:
    """Save when the lab is open."""
    lab = own_lab(slug)
    form = HoursForm(request.form)
    spans = form.spans()
    if spans is None:
        return _hours_page(lab, form), 422
    openings = [Opening(span.weekday, span.opens_minute, span.closes_minute) for span in spans]
    services.open_lab(openings=openings, **on_lab(lab))
    flash(_("Saved."), "success")
    return redirect(url_for(".edit", slug=slug), 303)


@bp.get("/labs/<slug>/places/<number>")
@signed_in
def place(slug: str, number: str) -> ResponseReturnValue:
    """Show the form of a seat; `new` is one more."""
    lab = own_lab(slug)
    found = _place(lab, number)
    form = PlaceForm.of(found) if found else PlaceForm(data={"city": "Milano", "shown": True})
    return _place_page(lab, number, form)


@bp.post("/labs/<slug>/places/<number>")
@signed_in
def save_place(slug: str, number: str) -> ResponseReturnValue:
    """Save a seat."""
    lab = own_lab(slug)
    found = _place(lab, number)
    form = PlaceForm(request.form)
    if not form.validate():
        return _place_page(lab, number, form), 422
    command = form.to_command()
    if found:
        command = replace(command, country=found.country)
    try:
        equipment.place_lab(command=command, address_id=found.id if found else None, **on_lab(lab))
    except (Invalid, Refused) as refused:
        put_errors(form, refused.problems)
        return _place_page(lab, number, form), 422
    flash(_("Saved."), "success")
    return redirect(url_for(".edit", slug=slug), 303)


@bp.post("/labs/<slug>/places/<number>/leave")
@signed_in
def leave_place(slug: str, number: str) -> ResponseReturnValue:
    """Forget a seat."""
    lab = own_lab(slug)
    found = _place(lab, number)
    if found is None:
        raise NotFound
    equipment.leave_place(address_id=found.id, **on_lab(lab))
    flash(_("The address was removed."), "success")
    return redirect(url_for(".edit", slug=slug), 303)


@bp.post("/labs/<slug>/verify")
@signed_in
def verify(slug: str) -> ResponseReturnValue:
    """Write down that what is public was looked at today and is right."""
    lab = own_lab(slug)
    facts = [fact for fact in request.form.getlist("facts") if fact in FACTS.every]
    if facts:
        verifying.verify_facts(names=facts, **on_lab(lab))
        flash(_("Written down: verified today."), "success")
    else:
        flash(_("Tick what you looked at."), "danger")
    return redirect(url_for(".edit", slug=slug), 303)


def _revision() -> int | None:
    """Return what the form was made from, when it says so."""
    text = request.form.get("revision", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004


def _place(lab: OwnView, number: str) -> Any:
    if number == "new":
        return None
    for found in lab.public.places:
        if str(found.id) == number:
            return found
    raise NotFound


def _page(lab: OwnView, form: LabForm) -> str:
    return render_template(
        "labs/edit.html",
        lab=lab,
        form=form,
        facts=[(name, fact_name(name), lab.public.verified_on.get(name)) for name in FACTS.every],
        on_list=queries.is_listed(reading(), lab.public.id, now=clock.now()),
    )


def _hours_page(lab: OwnView, form: HoursForm) -> str:
    return render_template("labs/hours.html", lab=lab, form=form)


def _place_page(lab: OwnView, number: str, form: PlaceForm) -> str:
    return render_template("labs/place.html", lab=lab, form=form, number=number)
