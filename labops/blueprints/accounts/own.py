"""One's own pages: profile, signed-in devices, tokens for programs."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, current_person, signed_in
from labops.blueprints.accounts.base import bp, put_errors
from labops.blueprints.accounts.forms import TokenForm
from labops.blueprints.profiles import OwnProfileForm, command_of, described
from labops.blueprints.words import role_name, scope_name
from labops.domain.erasure import queries as erasing
from labops.domain.notes import queries as notes
from labops.domain.notes.values import Visibility
from labops.domain.people import administration, profiles, queries, services
from labops.domain.people.queries import CurrentPerson
from labops.domain.sites.queries import all_sites
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotSignedIn
from labops.kernel.permissions import Permission, Scope


def _me() -> CurrentPerson:
    person = current_person()
    if person is None:
        raise NotSignedIn
    return person


@bp.get("/profile")
@signed_in
def profile() -> ResponseReturnValue:
    """Show everything that is known about oneself."""
    known = profiles.profile_of(reading(), _me().person_id)
    needs = profiles.own_needs(current_actor())
    return _profile(OwnProfileForm(data=described(known) | {"accessibility": needs}), 200)


@bp.post("/profile")
@signed_in
def save_profile() -> ResponseReturnValue:
    """Keep what one says of oneself."""
    form = OwnProfileForm(request.form)
    if form.validate():
        try:
            profiles.save_profile(
                _me().uid, command_of(form), actor=current_actor(), now=clock.now()
            )
        except Invalid as error:
            put_errors(form, error)
        else:
            flash(_("Your profile is saved."), "success")
            return redirect(url_for("accounts.profile"), 303)
    return _profile(form, 422)


def _profile(form: OwnProfileForm, status: int) -> ResponseReturnValue:
    me, session = _me(), reading()
    person = queries.seen_by(session, me.uid, me.actor)
    page = render_template(
        "accounts/profile.html",
        form=form,
        me=me,
        person=person,
        now=clock.now(),
        erasure=erasing.waiting(session, me.person_id),
        sites={site.id: site for site in all_sites(session)},
        memberships=queries.memberships(session, me.person_id),
        roles=queries.roles(session, me.person_id),
        role_name=role_name,
        notes=[
            note
            for note in notes.of_person(session, me.person_id, me.actor)
            if note.visibility == Visibility.PERSON
        ],
    )
    return page, status


@bp.get("/devices")
@signed_in
def devices() -> ResponseReturnValue:
    """List where one is signed in."""
    me = _me()
    found = queries.sign_ins(reading(), me.account_id)
    return render_template("accounts/devices.html", sign_ins=found, this=me.sign_in_id)


@bp.post("/devices/<int:sign_in_id>/end")
@signed_in
def end_device(sign_in_id: int) -> ResponseReturnValue:
    """End one of one's own sign-ins."""
    services.end_sign_in(sign_in_id, actor=current_actor(), now=clock.now())
    flash(_("That device is signed out."), "success")
    return redirect(url_for("accounts.devices"), 303)


@bp.post("/devices/end-others")
@signed_in
def end_other_devices() -> ResponseReturnValue:
    """End every sign-in but this one."""
    me = _me()
    for row in queries.sign_ins(reading(), me.account_id):
        if row.id != me.sign_in_id:
            services.end_sign_in(row.id, actor=me.actor, now=clock.now())
    flash(_("All other devices are signed out."), "success")
    return redirect(url_for("accounts.devices"), 303)


@bp.get("/tokens")
@signed_in
def tokens() -> ResponseReturnValue:
    """List one's tokens and offer a new one."""
    return _tokens(TokenForm(), 200)


@bp.post("/tokens")
@signed_in
def create_token() -> ResponseReturnValue:
    """Make a token and show it, this once."""
    form = TokenForm(request.form)
    form.scope.choices = _scopes()
    if not form.validate():
        return _tokens(form, 422)
    me = _me()
    secret = administration.create_token(
        me.person_id,
        Scope(form.scope.data),
        actor=me.actor,
        now=clock.now(),
        days=form.days.data,
        label=form.label.data or "",
    )
    return _tokens(TokenForm(), 200, secret)


@bp.post("/tokens/<int:token_id>/revoke")
@signed_in
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Make a token useless."""
    administration.revoke_token(token_id, actor=current_actor(), now=clock.now())
    flash(_("The token does not work any more."), "success")
    return redirect(url_for("accounts.tokens"), 303)


def _tokens(form: TokenForm, status: int, secret: str = "") -> ResponseReturnValue:
    form.scope.choices = _scopes()
    found = queries.tokens(reading(), _me().person_id)
    page = render_template(
        "accounts/tokens.html", form=form, tokens=found, secret=secret, scope_name=scope_name
    )
    return page, status


def _scopes() -> list[tuple[str, str]]:
    works_somewhere = current_actor().may_somewhere(Permission.PERSON_SEE)
    return [
        (scope.value, scope_name(scope))
        for scope in Scope
        if scope is not Scope.STAFF or works_somewhere
    ]
