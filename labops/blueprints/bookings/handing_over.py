"""Handing a booking over: offered by its owner, answered by whoever got the mail, or by staff."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import links
from labops.blueprints import fixes
from labops.blueprints.access import current_actor, public, requires, signed_in
from labops.blueprints.bookings.base import bp
from labops.blueprints.bookings.changes import booking_page, seen
from labops.blueprints.errors import reasons_of
from labops.blueprints.limits import MAIL, limiter
from labops.blueprints.why_not import lines_of
from labops.domain.bookings import giving, hand_overs, handing_over
from labops.domain.bookings.hand_overs import OfferView
from labops.domain.bookings.handing_over import HandOverTo
from labops.domain.bookings.solving import is_about_time
from labops.domain.people import queries as people
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Invalid, Problem, Refused
from labops.kernel.permissions import Actor, Permission


@bp.post("/bookings/<uid>/hand-over")
@signed_in
@limiter.limit(MAIL)
def offer(uid: str) -> ResponseReturnValue:
    """Offer one's booking to whoever has the address; the answer is the same for any address."""
    booking = seen(uid)
    typed = {"email": request.form.get("email", "")}
    try:
        giving.offer(uid, email=typed["email"], actor=current_actor(), now=clock.now())
    except Invalid as error:
        return booking_page(booking, typed=typed | _errors(error)), 422
    except Refused as refused:
        return booking_page(seen(uid), refused.problems, typed=typed), 409
    flash(
        _(
            "Offered. If a member has this address, a mail is on its way. The booking stays yours"
            " until they take it."
        ),
        "success",
    )
    return redirect(url_for(".show", uid=uid, _anchor="hand-over"), 303)


@bp.post("/bookings/<uid>/hand-over/take-back")
@signed_in
def take_back(uid: str) -> ResponseReturnValue:
    """Close one's offer."""
    seen(uid)
    giving.take_back(uid, actor=current_actor(), now=clock.now())
    flash(_("Taken back: nobody else can take the booking any more."), "success")
    return redirect(url_for(".show", uid=uid), 303)


@bp.post("/bookings/<uid>/hand-over/direct")
@requires(Permission.BOOKING_EDIT_OTHERS)
def hand_over_directly(uid: str) -> ResponseReturnValue:
    """Let staff give the booking to another person at once."""
    booking = seen(uid)
    names = ("to", "reason", "override_reason")
    typed = {name: request.form.get(name, "") for name in names}
    try:
        command = HandOverTo(uid=uid, **typed)
        handing_over.hand_over(command, actor=current_actor(), now=clock.now())
    except Invalid as error:
        return booking_page(booking, typed=typed | _errors(error)), 422
    except Refused as refused:
        return booking_page(seen(uid), refused.problems, typed=typed), 409
    flash(_("Handed over. Both are told by mail."), "success")
    return redirect(url_for(".show", uid=uid), 303)


@bp.get("/hand-overs/<offer_uid>")
@signed_in
def offered(offer_uid: str) -> ResponseReturnValue:
    """Show what the actor was offered, and whether the rules let her take it."""
    return _page(offer_uid, current_actor())


@bp.post("/hand-overs/<offer_uid>")
@signed_in
def answer_offer(offer_uid: str) -> ResponseReturnValue:
    """Take it or decline it."""
    return _answer(offer_uid, current_actor())


@bp.get("/t/<token>/hand-over")
@public
def offered_by_mail(token: str) -> ResponseReturnValue:
    """Show the same to whoever got the mail; opening it changes nothing."""
    uid, actor = _of_link(token)
    return _page(uid, actor, token=token)


@bp.post("/t/<token>/hand-over")
@public
def answer_by_mail(token: str) -> ResponseReturnValue:
    """Take it or decline it by the link of the mail."""
    uid, actor = _of_link(token)
    return _answer(uid, actor, token=token)


def _of_link(token: str) -> tuple[str, Actor]:
    """Return the offer and who was written to: the link shows that the mailbox is hers."""
    offer_id, person_id = links.read("hand-over", token)
    actor = people.actor_of(reading(), person_id, now=clock.now())
    return hand_overs.uid_of(reading(), offer_id), actor


def _answer(uid: str, actor: Actor, token: str = "") -> ResponseReturnValue:
    now = clock.now()
    seen_offer = hand_overs.one_offer(reading(), uid, actor, now=now)
    g.zone = local_time.zone(seen_offer.booking.zone)
    if request.form.get("act") == "decline":
        giving.decline(uid, actor=actor, now=now)
        flash(_("Declined. Whoever offered it is told."), "success")
        return redirect(url_for("pages.home") if token else url_for(".index"), 303)
    sequence = request.form.get("sequence", "")
    expected = int(sequence) if sequence.isdecimal() and len(sequence) < 10 else -1  # noqa: PLR2004
    try:
        booking = handing_over.accept(uid, actor=actor, now=now, expected_sequence=expected)
    except Refused as refused:
        return _page(uid, actor, refused.problems, token=token), 409
    except Changed:
        flash(_("This booking was changed meanwhile. Look again at what it is now."), "warning")
        return _page(uid, actor, token=token), 412
    flash(_("It is yours now. You find it among your bookings."), "success")
    if token:
        return redirect(url_for(".offered_by_mail", token=token), 303)
    return redirect(url_for(".show", uid=booking), 303)


def _page(uid: str, actor: Actor, problems: tuple[Problem, ...] = (), *, token: str = "") -> str:
    now = clock.now()
    found = hand_overs.one_offer(reading(), uid, actor, now=now)
    g.zone = local_time.zone(found.booking.zone)
    rules = hand_overs.rules_for(reading(), uid, actor, now=now) if found.open else ()
    own: dict[str, Any] = {"token": token} if token else {"offer_uid": uid}
    return render_template(
        "bookings/hand_over.html",
        offer=found,
        facts=_facts(found),
        lines=lines_of(rules, g.zone, _step),
        allowed=not any(not one.passed and not one.approval for one in rules),
        reasons=reasons_of(problems),
        url=url_for(".answer_by_mail" if token else ".answer_offer", **own),
        by_mail=bool(token),
    )


def _step(problem: Problem) -> tuple[str, str]:
    """Return what would help: no other time, as the time is the one that is offered."""
    return fixes.NO_STEP if is_about_time(problem.fix) else fixes.step_of(problem)


def _facts(found: OfferView) -> list[tuple[str, str]]:
    facts = [(_("Site"), found.booking.site_name), (_("Offered by"), found.giver_name)]
    if found.people_count > 1:
        facts.append((_("People"), str(found.people_count)))
    return [*facts, *found.fields.items()]


def _errors(error: Invalid) -> dict[str, str]:
    """Return a sentence for each field that is wrong, by `error-` and its name."""
    return {
        f"error-{problem.params.get('field', '')}": reasons_of([problem])[0].detail
        for problem in error.problems
    }
