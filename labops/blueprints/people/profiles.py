"""Staff correct a person's particulars, and ask what she needs to work here."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, requires
from labops.blueprints.people.base import bp
from labops.blueprints.profiles import ProfileForm, command_of, described
from labops.blueprints.sites.base import put_errors
from labops.domain.people import profiles, queries
from labops.domain.privacy import services as privacy
from labops.domain.privacy.purposes import Seen
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission


@bp.get("/<uid>/profile")
@requires(Permission.PERSON_EDIT)
def edit_profile(uid: str) -> ResponseReturnValue:
    """Show the person's particulars to correct."""
    person = queries.seen_by(reading(), uid, current_actor())
    form = ProfileForm(data=described(profiles.profile_of(reading(), person.id)))
    return render_template("people/profile.html", person=person, form=form)


@bp.post("/<uid>/profile")
@requires(Permission.PERSON_EDIT)
def save_profile(uid: str) -> ResponseReturnValue:
    """Keep them."""
    person = queries.seen_by(reading(), uid, current_actor())
    form = ProfileForm(request.form)
    if form.validate():
        try:
            profiles.save_profile(uid, command_of(form), actor=current_actor(), now=clock.now())
        except Invalid as error:
            put_errors(form, error.problems)
        else:
            flash(_("The profile is saved."), "success")
            return redirect(url_for(".show", uid=uid), 303)
    return render_template("people/profile.html", person=person, form=form), 422


@bp.post("/<uid>/needs")
@requires(Permission.PERSON_EDIT)
def see_needs(uid: str) -> ResponseReturnValue:
    """Show what the person needs to work here; who asked is written down."""
    actor, now = current_actor(), clock.now()
    person = queries.seen_by(reading(), uid, actor)
    needs = profiles.see_needs(uid, actor=actor, now=now)
    privacy.note_look(person.id, Seen.ACCESSIBILITY, actor=actor, now=now)
    return render_template("people/needs.html", person=person, needs=needs)
