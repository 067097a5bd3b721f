"""One's own skills with their history, the card to print, and what its code shows to anybody."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from labops.adapters import qr, skill_card
from labops.adapters.skill_card import SkillCard
from labops.blueprints.access import current_actor, public, signed_in
from labops.blueprints.formats import day, language
from labops.blueprints.renewing import inductions_address, ways_to_renew
from labops.blueprints.sites.base import key
from labops.blueprints.skills.base import (
    ACTS,
    EARNED,
    address_of,
    bp,
)
from labops.blueprints.skills.forms import ShownForm
from labops.domain.certifications import cards, rights, skills
from labops.domain.certifications.cards import CardView, Shown
from labops.domain.certifications.queries import local_today
from labops.domain.certifications.states import ShownName
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Permission


@bp.get("/skills")
@signed_in
def index() -> ResponseReturnValue:
    """Show what one may use, until when, how to renew it, and what one's card shows."""
    return _page()


@bp.post("/skills/card")
@signed_in
def issue() -> ResponseReturnValue:
    """Make a card, or a new one in the place of the old."""
    cards.issue_card(actor=current_actor(), now=clock.now())
    flash(_("Your card has a new code. Print it."), "success")
    return redirect(url_for(".index", _anchor="card"), 303)


@bp.post("/skills/card/shown")
@signed_in
def choose() -> ResponseReturnValue:
    """Choose what the card shows."""
    form = _offered(ShownForm(request.form))
    if not form.validate():
        return _page(form), 422
    cards.choose_shown(
        ShownName(form.shown_name.data),
        form.types.data or (),
        actor=current_actor(),
        now=clock.now(),
    )
    flash(_("The card shows this from now on. Print it again where its words have changed."))
    return redirect(url_for(".index", _anchor="card"), 303)


@bp.post("/skills/card/revoke")
@signed_in
def revoke() -> ResponseReturnValue:
    """Let the card prove nothing any more."""
    cards.revoke_card(actor=current_actor(), now=clock.now())
    flash(_("The card proves nothing any more."), "success")
    return redirect(url_for(".index", _anchor="card"), 303)


@bp.get("/skills/card")
@signed_in
def card() -> ResponseReturnValue:
    """Show the card as a sheet to print."""
    shown = _shown()
    drawing = qr.svg(address_of(shown.code), title=_("Code of this card"))
    code = Markup(drawing)  # noqa: S704 - our own SVG
    return render_template("skills/card.html", shown=shown, code=code, language=language())


@bp.get("/skills/card.pdf")
@signed_in
def card_pdf() -> Response:
    """Answer with the card as a PDF of the size of a credit card."""
    shown = _shown()
    pdf = skill_card.card_pdf(
        SkillCard(
            title=_("Skills"),
            name=shown.name,
            lines=tuple(_names(shown)),
            note=_("Scan to check what holds today."),
            printed=_("Printed %(day)s", day=day(shown.day)),
            address=address_of(shown.code),
            more=_("and more"),
        )
    )
    response = Response(pdf, content_type="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="skills.pdf"'
    return response


@bp.get("/c/<code>")
@public
def check(code: str) -> ResponseReturnValue:
    """Show to anybody what the owner of a card chose to show, as it stands today."""
    now = clock.now()
    try:
        shown = cards.shown_by(reading(), key(code), now=now)
    except NotFound:
        shown = None
    page = render_template("skills/check.html", shown=shown, now=now, language=language())
    response = make_response(page, 200 if shown is not None else 404)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _page(form: ShownForm | None = None) -> str:
    actor, session, now = current_actor(), reading(), clock.now()
    person_id = actor.require_person()
    today = local_today(session, now=now)
    found = skills.of_person(session, person_id, today=today)
    mine = cards.card_of(session, person_id)
    teaches = actor.may_somewhere(Permission.CERTIFICATION_GRANT)
    return render_template(
        "skills/index.html",
        skills=found,
        today=today,
        now=now,
        language=language(),
        ways=ways_to_renew(found),
        inductions={skill.slug: inductions_address(skill.slug) for skill in found},
        acts=ACTS,
        earned=EARNED,
        card=mine,
        address=address_of(mine.code) if mine is not None else "",
        form=form or _form_of(mine),
        trains=[] if teaches else rights.types_to_certify(session, actor),
    )


def _form_of(mine: CardView | None) -> ShownForm | None:
    if mine is None:
        return None
    return _offered(ShownForm(shown_name=mine.shown_name.value, types=list(mine.types)))


def _offered(form: ShownForm) -> ShownForm:
    """Fill in the skills one has."""
    session = reading()
    today = local_today(session, now=clock.now())
    mine = skills.of_person(session, current_actor().require_person(), today=today)
    form.types.choices = [(skill.slug, skill.name(language())) for skill in mine]
    return form


def _shown() -> Shown:
    """Return what one's own card shows; raises `NotFound` without one."""
    mine = cards.card_of(reading(), current_actor().require_person())
    if mine is None:
        raise NotFound
    return cards.shown_by(reading(), mine.code, now=clock.now())


def _names(shown: Shown) -> list[str]:
    return [skill.name(language()) for skill in shown.skills if skill.valid]
