"""What house rules know of one person, and what staff decided for her alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.formats import language
from labops.blueprints.people.base import bp
from labops.blueprints.people.forms import BirthForm, PlaceForm, RestrictForm, TopUpForm
from labops.domain.machines.queries import machine_types, search
from labops.domain.memberships import services as memberships
from labops.domain.people import administration
from labops.domain.people import queries as people
from labops.domain.restrictions import queries, services
from labops.domain.restrictions.services import AddTopUp, Restrict
from labops.domain.sites.queries import all_sites
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Permission


@bp.get("/<uid>/limits")
@requires(Permission.MEMBERSHIP_GRANT)
def limits(uid: str) -> ResponseReturnValue:
    """Show plan, groups, birth date, restrictions and top-ups of a person."""
    return _page(uid), 200


@bp.post("/<uid>/limits/place")
@requires(Permission.MEMBERSHIP_GRANT)
def place(uid: str) -> ResponseReturnValue:
    """Put the person on a plan and into groups."""
    form = _offered(PlaceForm(request.form))

    def act() -> None:
        memberships.place(
            uid,
            int(form["site"].data),
            plan=str(form["plan"].data or "").strip(),
            groups=_words(form["groups"].data),
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(uid, "place", form, act)


@bp.post("/<uid>/limits/birth-date")
@requires(Permission.MEMBERSHIP_GRANT)
def note_birth_date(uid: str) -> ResponseReturnValue:
    """Write down when the person was born."""
    form = _offered(BirthForm(request.form))

    def act() -> None:
        administration.note_birth_date(
            uid,
            form["born_on"].data,
            site_id=int(form["site"].data),
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(uid, "birth", form, act)


@bp.post("/<uid>/limits/restrict")
@requires(Permission.ACCOUNT_SUSPEND)
def restrict(uid: str) -> ResponseReturnValue:
    """Limit the person to some machines, or shut her out."""
    form = _offered(RestrictForm(request.form))

    def act() -> None:
        command = Restrict(
            person_uid=uid,
            site_id=int(form["site"].data),
            machines=tuple(form["machines"].data or ()),
            categories=tuple(form["categories"].data or ()),
            until_on=form["until_on"].data,
            reason=form["reason"].data or "",
        )
        services.restrict(command, actor=current_actor(), now=clock.now())

    return _done(uid, "restrict", form, act)


@bp.post("/<uid>/limits/restrictions/<int:restriction_id>/lift")
@requires(Permission.ACCOUNT_SUSPEND)
def lift(uid: str, restriction_id: int) -> ResponseReturnValue:
    """Lift a restriction."""
    services.lift(restriction_id, actor=current_actor(), now=clock.now())
    flash(_("The restriction is lifted."), "success")
    return redirect(url_for(".limits", uid=uid), 303)


@bp.post("/<uid>/limits/top-up")
@requires(Permission.MEMBERSHIP_GRANT)
def top_up(uid: str) -> ResponseReturnValue:
    """Add to one of the person's quotas."""
    form = _offered(TopUpForm(request.form))

    def act() -> None:
        site, _colon, quota = str(form["quota"].data).partition(":")
        hours = form["hours"].data
        command = AddTopUp(
            person_uid=uid,
            site_id=int(site),
            quota=quota,
            minutes=int(hours * 60) if hours else 0,
            count=form["count"].data or 0,
            starts_on=form["starts_on"].data or clock.now().date(),
            ends_on=form["ends_on"].data,
            reason=form["reason"].data or "",
        )
        services.add_top_up(command, actor=current_actor(), now=clock.now())

    return _done(uid, "top_up", form, act)


def _done(uid: str, name: str, form: Form, act: Callable[[], None]) -> ResponseReturnValue:
    if form.validate():
        try:
            act()
        except Invalid as error:
            for problem, reason in zip(error.problems, reasons_of(error.problems), strict=False):
                field = {"minutes": "hours"}.get(
                    str(problem.params.get("field", "")), str(problem.params.get("field", ""))
                )
                if field in form:
                    form[field].errors = [*form[field].errors, reason.detail]
                else:
                    form.form_errors.append(reason.detail)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".limits", uid=uid), 303)
    return _page(uid, {name: form}), 422


def _page(uid: str, forms: Mapping[str, Form] | None = None) -> str:
    session, actor = reading(), current_actor()
    person = people.seen_by(session, uid, actor)
    joined = people.memberships(session, person.id)
    first = next((m for m in joined if actor.may(Permission.MEMBERSHIP_GRANT, m.site_id)), None)
    place_form = _offered(PlaceForm())
    if first is not None:
        place_form["site"].data = str(first.site_id)
        place_form["plan"].data = first.plan
        place_form["groups"].data = ", ".join(first.groups)
    top_up_form = _offered(TopUpForm())
    top_up_form["starts_on"].data = clock.now().date()
    blank: dict[str, Form] = {
        "place": place_form,
        "birth": _offered(BirthForm(data={"born_on": person.born_on})),
        "restrict": _offered(RestrictForm()),
        "top_up": top_up_form,
    }
    return render_template(
        "people/limits.html",
        person=person,
        memberships=joined,
        sites={site.id: site for site in all_sites(session)},
        restrictions=queries.restrictions_of(session, person.id, actor),
        top_ups=queries.top_ups_of(session, person.id, actor),
        forms=blank | dict(forms or {}),
    )


def _offered(form: Form) -> Form:
    """Fill in what a form offers: the sites where the actor may, their machines and quotas."""
    actor, session = current_actor(), reading()
    restricting = isinstance(form, RestrictForm)
    right = Permission.ACCOUNT_SUSPEND if restricting else Permission.MEMBERSHIP_GRANT
    mine = [site for site in all_sites(session) if actor.may(right, site.id)]
    if not mine:
        raise NotFound
    if "site" in form:
        form["site"].choices = [(str(site.id), site.name) for site in mine]  # type: ignore[attr-defined]
    if isinstance(form, RestrictForm):
        form.machines.choices = [
            (machine.slug, machine.name)
            for site in mine
            for machine in search(session, site=site.slug)
        ]
        form.categories.choices = [
            (kind.slug, kind.name_it if language() == "it" else kind.name_en)
            for kind in machine_types(session)
        ]
    if isinstance(form, TopUpForm):
        form.quota.choices = [
            (f"{site.id}:{name}", f"{name} ({site.name})")
            for site in mine
            for name in services.quota_names(session, site.id)
        ]
    return form


def _words(text: object) -> list[str]:
    return [word for word in str(text or "").replace(",", " ").split() if word]
