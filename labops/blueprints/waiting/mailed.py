"""Where the links of an offer's mail lead. Opening one changes nothing; its button does."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.adapters import links
from labops.blueprints.access import current_actor, public
from labops.blueprints.errors import reasons_of
from labops.blueprints.waiting.base import address_if_free, bp
from labops.domain.people import queries as people
from labops.domain.waiting import answering, queries
from labops.domain.waiting.queries import OfferView
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Problem, Refused
from labops.kernel.permissions import Actor


@bp.get("/t/<token>/offer")
@public
def offer(token: str) -> ResponseReturnValue:
    """Ask for one press, since mail programs open links by themselves."""
    return _page(token)


@bp.get("/t/<token>/offer/decline")
@public
def offer_declining(token: str) -> ResponseReturnValue:
    """Ask for one press before the offer goes to the next."""
    return _page(token, declining=True)


@bp.post("/t/<token>/offer/accept")
@public
def offer_accepted(token: str) -> ResponseReturnValue:
    """Turn the offer into a booking for whom it was mailed to."""
    found = _offer(token)
    holder = _holder(found)
    try:
        booked = answering.accept(found.uid, actor=holder, now=clock.now())
    except Refused as refused:
        return _page(token, refused), 409
    flash(_("It is yours: the offer has become a booking."), "success")
    if current_actor().owns(found.person_id):
        return redirect(url_for("bookings.show", uid=booked), 303)
    return redirect(url_for(".offer", token=token), 303)


@bp.post("/t/<token>/offer/declined")
@public
def offer_declined(token: str) -> ResponseReturnValue:
    """Let the offer go to the next."""
    found = _offer(token)
    try:
        answering.decline(found.uid, actor=_holder(found), now=clock.now())
    except Refused as refused:
        return _page(token, refused), 409
    flash(_("Declined. It goes to the next in line."), "success")
    return redirect(url_for(".offer", token=token), 303)


def _offer(token: str) -> OfferView:
    found = queries.offer(reading(), links.read_offer(token))
    g.zone = local_time.zone(found.zone)
    return found


def _holder(found: OfferView) -> Actor:
    """Return as whom the link acts: the person to whom it was mailed."""
    return people.actor_of(reading(), found.person_id, now=clock.now())


def _page(token: str, refused: Refused | None = None, *, declining: bool = False) -> str:
    found = _offer(token)
    is_open = found.is_open(clock.now())
    problems = refused.problems if refused else ()
    if not is_open and not problems:
        state = "lapsed" if found.state == "held" else found.state
        problems = (Problem("offer.over", {"state": state}),)
    return render_template(
        "waiting/offer.html",
        offer=found,
        token=token,
        is_open=is_open,
        declining=declining,
        reasons=reasons_of(problems),
        book_url="" if is_open or found.booking_uid else address_if_free(found, _holder(found)),
    )
