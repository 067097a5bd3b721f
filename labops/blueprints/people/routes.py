"""The list of people and the page of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import current_actor, requires
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.formats import language
from labops.blueprints.people.base import bp
from labops.blueprints.people.forms import (
    CertifyForm,
    MemberForm,
    RoleForm,
    SuspendCertificationForm,
    SuspendForm,
)
from labops.blueprints.skills.base import ACTS, EARNED
from labops.blueprints.strikes.routes import KIND_NAMES
from labops.blueprints.words import role_name
from labops.domain.bookings import queries as bookings
from labops.domain.bookings.queries import OwnSearch
from labops.domain.certifications import skills
from labops.domain.certifications.queries import local_today
from labops.domain.machines.queries import machine_types
from labops.domain.people import queries
from labops.domain.people.ages import is_minor
from labops.domain.privacy import services as privacy
from labops.domain.privacy.purposes import Seen
from labops.domain.sites.queries import all_sites
from labops.domain.strikes import queries as strikes
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import Permission, Role

SHOWN = 100
EXPORTED = 100_000


@bp.get("/")
@requires(Permission.PERSON_SEE)
def index() -> ResponseReturnValue:
    """List people whose name or address holds the words."""
    words = request.args.get("q", "")
    found = queries.search(reading(), current_actor(), words=words, limit=SHOWN + 1)
    return render_template(
        "people/index.html",
        people=found[:SHOWN],
        more=len(found) > SHOWN,
        words=words,
        now=clock.now(),
    )


@bp.get("/export.csv")
@requires(Permission.PERSON_SEE)
def export() -> Response:
    """Answer with the list as CSV, made harmless for spreadsheets."""
    found = queries.search(
        reading(), current_actor(), words=request.args.get("q", ""), limit=EXPORTED
    )
    return csv_answer("people", ["name", "email"], ((one.name, one.email) for one in found))


@bp.get("/<uid>")
@requires(Permission.PERSON_SEE)
def show(uid: str) -> ResponseReturnValue:
    """Show one person with everything staff may do for her."""
    return person_page(uid)


def person_page(
    uid: str, forms: Mapping[str, Form] | None = None, status: int = 200
) -> ResponseReturnValue:
    """Draw the page of one person; `forms` are those that came back with errors."""
    session, actor, now = reading(), current_actor(), clock.now()
    person = queries.seen_by(session, uid, actor)
    if is_minor(person.born_on, now.date()):
        privacy.note_look(person.id, Seen.MINOR, actor=actor, now=now)
    account = queries.account_of(session, person.id)
    search = OwnSearch(person_id=person.id, now=now, coming=True)
    coming, _count = bookings.own(session, search, actor)
    today = local_today(session, now=now)
    page = render_template(
        "people/show.html",
        person=person,
        email=account.email if account else "",
        now=now,
        today=today,
        sites={site.id: site for site in all_sites(session)},
        memberships=queries.memberships(session, person.id),
        skills=skills.of_person(session, person.id, today=today),
        acts=ACTS,
        earned=EARNED,
        language=language(),
        blank_suspension=SuspendCertificationForm(),
        roles=queries.roles(session, person.id),
        role_name=role_name,
        # At another site they have no name for this reader, and this page is about somebody.
        bookings=[one for one in coming if one.mine or one.person_name is not None],
        strikes=strikes.of_person(session, uid, actor),
        strike_kinds=KIND_NAMES,
        forms=blank_forms() | dict(forms or {}),
    )
    return page, status


def blank_forms() -> dict[str, Form]:
    """Return the forms of the page, with the choices the actor has."""
    member, suspend, role = MemberForm(), SuspendForm(), RoleForm()
    certify, suspend_certification = CertifyForm(), SuspendCertificationForm()
    today = local_today(reading(), now=clock.now())
    member.starts_on.data = certify.starts_on.data = today
    forms: dict[str, Form] = {
        "member": member,
        "certify": certify,
        "suspend": suspend,
        "role": role,
    }
    for form in forms.values():
        offer_choices(form)
    return forms | {"suspend_certification": suspend_certification}


def offer_choices(form: Form) -> Form:
    """Fill in what a form offers to the actor."""
    actor, session = current_actor(), reading()
    permission = {
        MemberForm: Permission.MEMBERSHIP_GRANT,
        SuspendForm: Permission.ACCOUNT_SUSPEND,
        RoleForm: Permission.ROLE_GRANT,
    }.get(type(form))
    if permission is not None:
        choices: list[tuple[str, Any]] = [
            (site.slug, site.name) for site in all_sites(session) if actor.may(permission, site.id)
        ]
        if isinstance(form, RoleForm) and actor.may(permission, None):
            choices.append(("", _("all sites")))
        form["site"].choices = choices  # type: ignore[attr-defined]
    if isinstance(form, RoleForm):
        form.role.choices = [(role.value, role_name(role)) for role in Role]
    if isinstance(form, CertifyForm):
        form.machine_type.choices = [
            (kind.slug, kind.name_it if language() == "it" else kind.name_en)
            for kind in machine_types(session)
        ]
    return form
