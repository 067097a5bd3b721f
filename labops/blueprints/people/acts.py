"""What staff do for a person: one address an act."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import current_actor, requires
from labops.blueprints.errors import reasons_of
from labops.blueprints.people.base import bp
from labops.blueprints.people.forms import CertifyForm, MemberForm, RoleForm, SuspendForm
from labops.blueprints.people.routes import offer_choices, person_page
from labops.domain.certifications import services as certifications
from labops.domain.certifications.services import Certify
from labops.domain.memberships import services as memberships
from labops.domain.people import administration
from labops.domain.people.administration import GiveRole
from labops.domain.sites.queries import find_site
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.local_time import NoSuchLocalTime
from labops.kernel.permissions import Permission, Role


@bp.post("/<uid>/member")
@requires(Permission.MEMBERSHIP_GRANT)
def make_member(uid: str) -> ResponseReturnValue:
    """Make the person a member of a site."""
    form = MemberForm(request.form)

    def act() -> None:
        memberships.make_member(
            uid,
            _site_id(form["site"].data),
            starts_on=form.starts_on.data or clock.now().date(),
            ends_on=form.ends_on.data,
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(uid, "member", form, act, _("The membership is active."))


@bp.post("/<uid>/member/end")
@requires(Permission.MEMBERSHIP_GRANT)
def end_membership(uid: str) -> ResponseReturnValue:
    """End a membership."""
    site_id = _site_id(request.form.get("site"))
    memberships.end_membership(uid, site_id, actor=current_actor(), now=clock.now())
    flash(_("The membership has ended."), "success")
    return redirect(url_for("people.show", uid=uid), 303)


@bp.post("/<uid>/certify")
@requires(Permission.CERTIFICATION_GRANT)
def certify(uid: str) -> ResponseReturnValue:
    """Grant a certification."""
    form = CertifyForm(request.form)

    def act() -> None:
        certifications.certify(
            Certify(
                person_uid=uid,
                machine_type=form.machine_type.data,
                starts_on=form.starts_on.data or clock.now().date(),
                ends_on=form.ends_on.data,
                evidence=form.evidence.data or "",
                level=form.level.data or 1,
            ),
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(uid, "certify", form, act, _("The certification is granted."))


@bp.post("/<uid>/certifications/<int:certification_id>/revoke")
@requires(Permission.CERTIFICATION_GRANT)
def revoke(uid: str, certification_id: int) -> ResponseReturnValue:
    """Revoke a certification, with a reason."""
    try:
        certifications.revoke(
            certification_id,
            reason=request.form.get("reason", ""),
            actor=current_actor(),
            now=clock.now(),
        )
    except Invalid as error:
        flash(reasons_of(error.problems)[0].detail, "warning")
    else:
        flash(_("The certification is revoked."), "success")
    return redirect(url_for("people.show", uid=uid), 303)


@bp.post("/<uid>/suspend")
@requires(Permission.ACCOUNT_SUSPEND)
def suspend(uid: str) -> ResponseReturnValue:
    """Suspend the person until a local moment of the site."""
    form = SuspendForm(request.form)

    def act() -> None:
        site = find_site(reading(), form["site"].data or "")
        if site is None or form.until.data is None:
            raise NotFound
        zone = g.zone = local_time.zone(site.zone)
        try:
            until = local_time.read_local(form.until.data, zone).instant
        except NoSuchLocalTime as error:
            suggestion = error.suggestion.strftime("%H:%M")
            raise Invalid(
                [Problem("field.no-such-time", {"field": "until", "suggestion": suggestion})]
            ) from error
        administration.suspend(
            uid,
            until=until,
            reason=form.reason.data or "",
            site_id=site.id,
            actor=current_actor(),
            now=clock.now(),
        )

    return _done(uid, "suspend", form, act, _("The person is suspended."))


@bp.post("/<uid>/suspend/lift")
@requires(Permission.ACCOUNT_SUSPEND)
def lift_suspension(uid: str) -> ResponseReturnValue:
    """Let the person book again."""
    site_id = _site_id(request.form.get("site"))
    administration.lift_suspension(uid, site_id=site_id, actor=current_actor(), now=clock.now())
    flash(_("The suspension is lifted."), "success")
    return redirect(url_for("people.show", uid=uid), 303)


@bp.post("/<uid>/roles")
@requires(Permission.ROLE_GRANT)
def give_role(uid: str) -> ResponseReturnValue:
    """Give the person a role."""
    form = RoleForm(request.form)

    def act() -> None:
        administration.give_role(_role(uid), actor=current_actor(), now=clock.now())

    return _done(uid, "role", form, act, _("The role is given."))


@bp.post("/<uid>/roles/take")
@requires(Permission.ROLE_GRANT)
def take_role(uid: str) -> ResponseReturnValue:
    """Take a role away."""
    administration.take_role(_role(uid), actor=current_actor(), now=clock.now())
    flash(_("The role is taken away."), "success")
    return redirect(url_for("people.show", uid=uid), 303)


def _role(uid: str) -> GiveRole:
    slug = request.form.get("site", "")
    try:
        role = Role(request.form.get("role", ""))
    except ValueError as error:
        raise NotFound from error
    return GiveRole(person_uid=uid, role=role, site_id=_site_id(slug) if slug else None)


def _site_id(slug: str | None) -> int:
    site = find_site(reading(), slug or "")
    if site is None:
        raise NotFound
    return site.id


def _done(
    uid: str, name: str, form: Form, act: Callable[[], None], words: str
) -> ResponseReturnValue:
    """Carry the act out and go back to the page, or show the form again with what was typed."""
    offer_choices(form)
    if form.validate():
        try:
            act()
        except Invalid as error:
            for problem, reason in zip(error.problems, reasons_of(error.problems), strict=False):
                field = str(problem.params.get("field", ""))
                if field in form:
                    form[field].errors = [*form[field].errors, reason.detail]
                else:
                    form.form_errors.append(reason.detail)
        else:
            flash(words, "success")
            return redirect(url_for("people.show", uid=uid), 303)
    return person_page(uid, {name: form}, 422)
