"""The list of people and the page of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import current_actor, requires
from labops.blueprints.bookings.base import same_page
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.formats import language
from labops.blueprints.people.base import bp
from labops.blueprints.people.filtering import address_of, filter_form, read_choice
from labops.blueprints.people.forms import (
    CertifyForm,
    MemberForm,
    NoteForm,
    RoleForm,
    SuspendCertificationForm,
    SuspendForm,
    visibility_names,
)
from labops.blueprints.skills.base import ACTS, EARNED
from labops.blueprints.strikes.routes import KIND_NAMES
from labops.blueprints.words import role_name
from labops.domain.bookings import queries as bookings
from labops.domain.bookings.queries import OwnSearch
from labops.domain.certifications import skills
from labops.domain.certifications.queries import local_today
from labops.domain.erasure import queries as erasing
from labops.domain.machines.queries import machine_types
from labops.domain.notes import queries as notes
from labops.domain.notes.values import Visibility
from labops.domain.people import queries, selecting
from labops.domain.people.ages import is_minor
from labops.domain.people.policies import shown_phone
from labops.domain.people.profiles import profile_of
from labops.domain.people.selecting import Choice
from labops.domain.privacy import services as privacy
from labops.domain.privacy.purposes import Seen
from labops.domain.sites.queries import all_sites
from labops.domain.strikes import queries as strikes
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.permissions import Permission, Role

PAGE = 100
EXPORTED = 100_000


@bp.get("/")
@requires(Permission.PERSON_SEE)
def index() -> ResponseReturnValue:
    """List people, filtered by the address."""
    choice, now, actor = read_choice(), clock.now(), current_actor()
    text = request.args.get("page", "1")
    page = max(1, int(text)) if text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004
    found, count = selecting.listed(
        reading(), actor, choice, now=now, offset=(page - 1) * PAGE, limit=PAGE
    )
    return render_template(
        "people/index.html",
        people=found,
        count=count,
        page=page,
        page_count=-(-count // PAGE),
        url_of=lambda number: same_page(page=number),
        form=filter_form(choice),
        filters=address_of(choice),
        filtered=choice != Choice(words=choice.words, site=choice.site, standing=choice.standing),
        sites=all_sites(reading()),
        now=now,
    )


@bp.get("/export.csv")
@requires(Permission.PERSON_SEE)
def export() -> Response:
    """Answer with the list as CSV, made harmless for spreadsheets."""
    found, _count = selecting.listed(
        reading(), current_actor(), read_choice(), now=clock.now(), limit=EXPORTED
    )
    rows = ((one.name, one.email, one.language) for one in found)
    return csv_answer("people", ["name", "email", "language"], rows)


@bp.get("/<uid>")
@requires(Permission.PERSON_SEE)
def show(uid: str) -> ResponseReturnValue:
    """Show one person with everything staff may do for her; who was merged leads to her."""
    if (today := queries.uid_today(reading(), uid)) is not None:
        return redirect(url_for(".show", uid=today), 302)
    return person_page(uid)


def person_page(
    uid: str,
    forms: Mapping[str, Form] | None = None,
    status: int = 200,
    *,
    erase_error: str = "",
) -> ResponseReturnValue:
    """Draw the page of one person; `forms` are those that came back with errors.

    `erase_error` is what is wrong with the reason given for erasing her.
    """
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
        account=account,
        former_addresses=queries.former_addresses(session, person.id),
        profile=profile_of(session, person.id),
        shown_phone=shown_phone,
        notes=notes.of_person(session, person.id, actor),
        visibility_names=visibility_names(),
        sign_ins=queries.sign_ins(session, account.id) if account else [],
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
        erasure=erasing.waiting(session, person.id),
        erased_at=erasing.erased_at(session, uid),
        erase_error=erase_error,
        forms=blank_forms() | dict(forms or {}),
    )
    return page, status


def blank_forms() -> dict[str, Form]:
    """Return the forms of the page, with the choices the actor has."""
    member, suspend, role, note = MemberForm(), SuspendForm(), RoleForm(), NoteForm()
    certify, suspend_certification = CertifyForm(), SuspendCertificationForm()
    today = local_today(reading(), now=clock.now())
    member.starts_on.data = certify.starts_on.data = today
    forms: dict[str, Form] = {
        "member": member,
        "certify": certify,
        "suspend": suspend,
        "role": role,
        "note": note,
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
        NoteForm: Permission.NOTE_WRITE,
    }.get(type(form))
    if permission is not None and "site" in form:
        choices: list[tuple[str, Any]] = [
            (site.slug, site.name) for site in all_sites(session) if actor.may(permission, site.id)
        ]
        if isinstance(form, RoleForm) and actor.may(permission, None):
            choices.append(("", _("all sites")))
        form["site"].choices = choices  # type: ignore[attr-defined]
    if isinstance(form, RoleForm):
        form.role.choices = [(role.value, role_name(role)) for role in Role]
    if isinstance(form, NoteForm):
        names = visibility_names()
        if not actor.may_somewhere(Permission.NOTE_SEE_ALL):
            del names[Visibility.MANAGERS]
        form.visibility.choices = [(one.value, words) for one, words in names.items()]
    if isinstance(form, CertifyForm):
        form.machine_type.choices = [
            (kind.slug, kind.name_it if language() == "it" else kind.name_en)
            for kind in machine_types(session)
        ]
    return form
