"""What one waits for, and the offers one may answer."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.errors import reasons_of
from labops.blueprints.waiting.base import address_if_free, bp, what_of, when_of
from labops.domain.waiting import answering, queries, services
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import NotFound, Refused


@bp.get("/waiting")
@signed_in
def index() -> ResponseReturnValue:
    """List what the actor waits for, with her place in line, and her offers."""
    return _page()


@bp.post("/waiting/<uid>/withdraw")
@signed_in
def withdraw(uid: str) -> ResponseReturnValue:
    """Leave the list."""
    services.withdraw(uid, actor=current_actor(), now=clock.now())
    flash(_("You do not wait for it any more."), "success")
    return redirect(url_for(".index"), 303)


@bp.post("/offers/<uid>/accept")
@signed_in
def accept(uid: str) -> ResponseReturnValue:
    """Turn an offer into a booking."""
    try:
        booked = answering.accept(uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _refused(uid, refused)
    flash(_("It is yours: the offer has become a booking."), "success")
    return redirect(url_for("bookings.show", uid=booked), 303)


@bp.post("/offers/<uid>/decline")
@signed_in
def decline(uid: str) -> ResponseReturnValue:
    """Let an offer go to the next."""
    try:
        answering.decline(uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return _refused(uid, refused)
    flash(_("Declined. It goes to the next in line."), "success")
    return redirect(url_for(".index"), 303)


def _refused(uid: str, refused: Refused) -> ResponseReturnValue:
    """Show why not, and where to book if the time is still to be had."""
    actor = current_actor()
    offer = queries.offer(reading(), uid)
    if not actor.owns(offer.person_id):
        raise NotFound
    g.zone = local_time.zone(refused.zone or offer.zone)
    over = not offer.is_open(clock.now())
    return _page(refused, address_if_free(offer, actor) if over else ""), 409


def _page(refused: Refused | None = None, book_url: str = "") -> str:
    actor, now = current_actor(), clock.now()
    session = reading()
    wishes = queries.own(session, actor, now=now)
    return render_template(
        "waiting/index.html",
        offers=queries.held_of_person(session, actor.require_person(), now=now),
        wishes=[wish for wish in wishes if wish.is_open],
        ended=[wish for wish in wishes if not wish.is_open],
        what_of=what_of,
        when_of=when_of,
        reasons=reasons_of(refused.problems if refused else ()),
        book_url=book_url,
    )
