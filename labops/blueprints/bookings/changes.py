"""The page of one booking, and what can be done with it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import current_actor, signed_in
from labops.blueprints.bookings.base import bp
from labops.blueprints.bookings.checking import Checked, check_of_move
from labops.blueprints.bookings.forms import MoveForm, read_slot
from labops.blueprints.errors import reasons_of
from labops.blueprints.plans.words import cost as cost_in_words
from labops.blueprints.slots import prefilled
from labops.domain.bookings import extending, hand_overs, of_firm, queries, services, use
from labops.domain.bookings.commands import Move
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import BookingState
from labops.domain.house_rules.parts import LateCancel
from labops.domain.house_rules.queries import rules_in_force
from labops.domain.house_rules.values import HouseRules
from labops.domain.machines import queries as machines
from labops.domain.plans import queries as plans
from labops.domain.series import queries as series
from labops.domain.sites.queries import find_site
from labops.domain.use_questions import queries as use_questions
from labops.kernel import clock, local_time
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Problem, Refused
from labops.kernel.interval import Interval
from labops.kernel.permissions import Permission

BEFORE_USE = {BookingState.REQUESTED, BookingState.CONFIRMED}


@bp.get("/bookings/<uid>")
@signed_in
def show(uid: str) -> ResponseReturnValue:
    """Show everything about a booking of one's own, or of the site where one works."""
    return booking_page(seen(uid))


@bp.post("/bookings/<uid>/move")
@signed_in
def move(uid: str) -> ResponseReturnValue:
    """Give it other times, or show the page again with every reason against that."""
    booking = seen(uid)
    form = MoveForm(request.form)
    valid = form.validate()
    typed = read_slot(form, local_time.zone(booking.zone))
    if not valid or typed is None:
        return booking_page(booking, form=form), 422
    sequence = str(form.sequence.data or "")
    command = Move(
        uid=uid,
        slot=typed.slot,
        override_reason=str(form.override_reason.data or "").strip(),
        expected_sequence=int(sequence) if sequence.isdecimal() and len(sequence) < 10 else None,  # noqa: PLR2004
    )
    try:
        if request.form.get("act") == "check":
            found = check_of_move(command)
            return booking_page(booking, form=form, remarks=typed.remarks, checked=found)
        services.move(command, actor=current_actor(), now=clock.now())
    except Refused as refused:
        with contextlib.suppress(Refused):  # of a state in which nothing can be moved any more
            found = check_of_move(command)
            return booking_page(seen(uid), refused.problems, form=form, checked=found), 409
        return booking_page(seen(uid), refused.problems, form=form, remarks=typed.remarks), 409
    except Changed:
        flash(_("This booking was changed meanwhile. Look again at what it is now."), "warning")
        return booking_page(seen(uid)), 412
    flash(_("Moved."), "success")
    for remark in typed.remarks:
        flash(remark, "warning")
    return redirect(url_for(".show", uid=uid), 303)


@bp.post("/bookings/<uid>/cancel")
@signed_in
def cancel(uid: str) -> ResponseReturnValue:
    """Give it up."""
    return _act(uid, services.cancel, _("Cancelled. The time is free for others."))


@bp.post("/bookings/<uid>/check-in")
@signed_in
def check_in(uid: str) -> ResponseReturnValue:
    """Begin the use."""
    return _act(uid, use.check_in, _("Checked in. Good work!"))


@bp.post("/bookings/<uid>/keep")
@signed_in
def keep(uid: str) -> ResponseReturnValue:
    """Keep the time for somebody who called that she is late."""
    return _act(uid, use.keep, _("Kept to its end."))


@bp.post("/bookings/<uid>/finish")
@signed_in
def finish(uid: str) -> ResponseReturnValue:
    """End the use; the rest of the time is free for others."""
    return _act(uid, use.finish, _("Finished. What was left of the time is free for others."))


def _act(uid: str, act: Callable[..., object], done: str) -> ResponseReturnValue:
    seen(uid)
    try:
        act(uid, actor=current_actor(), now=clock.now())
    except Refused as refused:
        return booking_page(seen(uid), refused.problems), 409
    flash(done, "success")
    back = request.form.get("next", "")
    # Only the pages that hold these buttons are led back to: an address of elsewhere is not.
    allowed = back.startswith("/today") and "\\" not in back
    return redirect(back if allowed else url_for(".show", uid=uid), 303)


def seen(uid: str) -> BookingView:
    """Return a booking that the actor may see, times told in its zone; raises `NotFound`."""
    booking = queries.one(reading(), uid, current_actor())
    g.zone = local_time.zone(booking.zone)
    return booking


def booking_page(
    booking: BookingView,
    problems: Sequence[Problem] = (),
    *,
    form: MoveForm | None = None,
    remarks: Sequence[str] = (),
    checked: Checked | None = None,
    typed: Mapping[str, str] | None = None,
) -> str:
    """Return the page of a booking, after a refusal with every reason and what was typed."""
    now, zone = clock.now(), local_time.zone(booking.zone)
    site = find_site(reading(), booking.site)
    site_id = site.id if site else None
    actor = current_actor()
    staff = actor.may(Permission.BOOKING_EDIT_OTHERS, site_id)
    rules = _rules(booking)
    early = min((rule.early_check_in for rule in rules), default=None)
    return render_template(
        "bookings/show.html",
        booking=booking,
        series=series.links_of(reading(), [booking.uid]).get(booking.uid),
        firm_name=of_firm.firm_named_on(reading(), booking.uid),
        use_answers=use_questions.answers_of_booking(reading(), booking.uid),
        details=queries.details_of(reading(), [booking.uid])[booking.uid],
        may_approve=actor.may(Permission.BOOKING_APPROVE, site_id),
        refuses_late=any(rule.late_cancel is LateCancel.REFUSE for rule in rules),
        form=form or _filled(booking, zone),
        reasons=reasons_of(problems),
        remarks=remarks,
        checked=checked,
        typed=typed or {},
        staff=staff,
        **_further(booking, now, may_change=booking.mine or staff),
        may_override=actor.may(Permission.BOOKING_OVERRIDE, site_id),
        can_check_in=(
            early is not None
            and booking.state == BookingState.CONFIRMED
            and booking.starts_at - early <= now < booking.check_in_by
        ),
        check_in_from=booking.starts_at - early if early is not None else None,
        can_keep=(
            staff
            and booking.state == BookingState.CONFIRMED
            and now < booking.check_in_by < booking.ends_at
        ),
        can_finish=booking.state == BookingState.CHECKED_IN,
        can_move=booking.state in {*BEFORE_USE, BookingState.CHECKED_IN} and now < booking.ends_at,
        can_cancel=booking.state in BEFORE_USE and now < booking.ends_at,
        cancel_by=_cancel_by(booking, rules),
        shown_state=_shown_state(booking, now),
        day=booking.starts_at.astimezone(zone).date(),
        cost=_cost(booking)
        if booking.mine or actor.may(Permission.PAYMENT_RECORD, site_id)
        else "",
    )


def _cost(booking: BookingView) -> str:
    """Return what the booking costs, in words; empty where nothing is asked for it."""
    found = plans.cost_of(reading(), booking.uid)
    return cost_in_words(found) if found is not None else ""


def _further(booking: BookingView, now: datetime, *, may_change: bool) -> dict[str, Any]:
    """Return what the page says of extending the booking and of handing it over."""
    room = None
    if may_change:
        room = extending.room(reading(), booking.uid, current_actor(), now=now)
    return {
        "room": room,
        "room_reasons": reasons_of(room.problems) if room else [],
        "open_offer": hand_overs.open_offer_of(reading(), booking.uid) if booking.mine else None,
        "can_hand_over": booking.state in BEFORE_USE and now < booking.starts_at,
    }


def _filled(booking: BookingView, zone: ZoneInfo) -> MoveForm:
    values = prefilled(Interval(booking.starts_at, booking.ends_at), zone)
    form = MoveForm(data=values)
    if request.method == "GET" and "date" in request.args:
        proposed = MoveForm(request.args)  # by a link that solves a refusal
        if proposed.validate() and read_slot(proposed, zone) is not None:
            form = proposed
    form.sequence.data = str(booking.sequence)
    return form


def _rules(booking: BookingView) -> list[HouseRules]:
    session = reading()
    found = [machines.by_slug(session, slug) for slug in booking.machines]
    return [
        rules_in_force(session, m.site_id, m.site_revision, category=m.type_slug, machine=m.slug)
        for m in found
    ]


def _cancel_by(booking: BookingView, rules: Sequence[HouseRules]) -> datetime | None:
    """Return until when its owner may cancel, when that is earlier than its start."""
    notice = max((rule.cancel_notice for rule in rules), default=timedelta(0))
    return booking.starts_at - notice if notice else None


def _shown_state(booking: BookingView, now: datetime) -> str:
    """Return the state; past its grace a booking is missed, even before the sweep says so."""
    if booking.state == BookingState.CONFIRMED and now >= booking.check_in_by:
        return BookingState.MISSED
    return booking.state
