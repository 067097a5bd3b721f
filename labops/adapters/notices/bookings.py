"""Mails about bookings, to their owners. Only the latest change of a booking is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters.notices.calendar_parts import Invitation
from labops.adapters.notices.words import (
    Action,
    Notice,
    Teller,
    Told,
    moment,
    page_address,
    short_moment,
    slot,
)
from labops.domain.bookings.events import Cause
from labops.domain.bookings.states import OPEN_STATES, BookingState
from labops.domain.notifications import queries
from labops.domain.notifications.events import REMINDER_DUE
from labops.domain.notifications.kinds import LetterKind
from labops.domain.notifications.queries import ToldBooking
from labops.domain.strikes import queries as strikes
from labops.kernel import local_time
from labops.kernel.db import reading

Words = Callable[[ToldBooking], Notice]
# The days in which another time is looked for.
LOOK_AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Why:
    """For what staff changed a booking of somebody else; nothing of it when nobody says so."""

    cause: Cause | None
    reason: str
    now: datetime

    def told(self) -> tuple[tuple[str, str], ...]:
        """Return the reason as a line of the mail."""
        return ((_("Reason"), self.reason),) if self.cause and self.reason else ()

    def spared(self) -> tuple[str, ...]:
        """Return that the person need not worry."""
        return (_("It does not count against you."),) if self.cause else ()


def _of_open(words: Words, fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    booking = _standing(fact)
    if booking is None or booking.state not in OPEN_STATES or booking.ends_at <= now:
        return ()
    return to_owner(booking, words)


def _of_state(
    state: BookingState, words: Words, fact: Mapping[str, Any], _now: datetime
) -> Sequence[Told]:
    booking = _standing(fact)
    if booking is None or booking.state != state:
        return ()
    return to_owner(booking, words)


def _by_staff(
    tell: Callable[[Words, Mapping[str, Any], datetime], Sequence[Told]],
    words: Callable[[ToldBooking, Why], Notice],
    fact: Mapping[str, Any],
    now: datetime,
) -> Sequence[Told]:
    """Tell a change that may have been made by staff for a cause of theirs."""
    cause = Cause(fact["cause"]) if fact.get("cause") in set(Cause) else None
    why = Why(cause, str(fact.get("reason", "")), now)
    return tell(lambda booking: words(booking, why), fact, now)


def _standing(fact: Mapping[str, Any]) -> ToldBooking | None:
    """Return the booking while nothing newer than the fact has happened to it."""
    booking = queries.told_booking(reading(), fact["booking_uid"])
    return booking if booking and booking.sequence == fact["revision"] else None


def to_owner(booking: ToldBooking, words: Words) -> Sequence[Told]:
    """Return the owner as who is told of a change, with the booking for her calendar."""
    if booking.owner is None:
        return ()
    kind = LetterKind.BOOKING if booking.by_owner else LetterKind.BOOKING_BY_OTHERS
    return (Told(booking.owner, partial(words, booking), kind, Invitation(booking)),)


def _reminder_due(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    booking = _standing(fact)
    if booking is None or booking.owner is None:
        return ()
    if booking.state != BookingState.CONFIRMED or booking.starts_at <= now:
        return ()
    return (Told(booking.owner, partial(_reminder, booking), LetterKind.REMINDER),)


def _confirmed(booking: ToldBooking) -> Notice:
    return Notice(
        subject=_("Booking confirmed: %(what)s", what=title_of(booking)),
        lead=(_("Your booking is confirmed."),),
        details=details_of(booking),
        action=_see(booking),
        rest=_check_in(booking),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _moved(booking: ToldBooking, why: Why) -> Notice:
    lead = _("Your booking was changed. This is how it stands now.")
    if why.cause:
        leads = {
            Cause.MAINTENANCE: _("The staff moved your booking because of maintenance."),
            Cause.CLOSURE: _("The staff moved your booking because of a closure."),
            Cause.OUT_OF_SERVICE: _("The staff moved your booking: a machine is out of service."),
        }
        lead = " ".join((leads[why.cause], _("This is how it stands now.")))
    return Notice(
        subject=_("Booking moved: %(what)s", what=title_of(booking)),
        lead=(lead,),
        details=(*details_of(booking), *why.told()),
        action=_see(booking),
        rest=(*_check_in(booking), *why.spared()),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _cancelled(booking: ToldBooking, why: Why) -> Notice:
    lead = _("This booking was cancelled, and its time was given back.")
    if why.cause:
        leads = {
            Cause.MAINTENANCE: _("The staff cancelled this booking because of maintenance."),
            Cause.CLOSURE: _("The staff cancelled this booking because of a closure."),
            Cause.OUT_OF_SERVICE: _("The staff cancelled it: a machine is out of service."),
        }
        lead = leads[why.cause]
    return Notice(
        subject=_("Booking cancelled: %(what)s", what=title_of(booking)),
        lead=(lead,),
        details=(*details_of(booking), *why.told()),
        action=_find_like(booking, now=why.now) if why.cause else None,
        rest=(*_struck(booking), *why.spared()),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _missed(booking: ToldBooking) -> Notice:
    return Notice(
        subject=_("Booking missed: %(what)s", what=title_of(booking)),
        lead=(
            _(
                "Nobody checked in by %(when)s, so the time of this booking was given back for"
                " others to use.",
                when=moment(booking.check_in_by, booking.zone),
            ),
        ),
        details=details_of(booking),
        rest=_struck(booking)
        or (_("If you were there, tell the staff, so that they can put it right."),),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _requested(booking: ToldBooking) -> Notice:
    return Notice(
        subject=_("Booking requested: %(what)s", what=title_of(booking)),
        lead=(_("The staff have to agree to this booking. Until then its time is held for you."),),
        details=details_of(booking),
        action=_see(booking),
        rest=_decide_by(booking),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _approved(booking: ToldBooking) -> Notice:
    return Notice(
        subject=_("Booking confirmed: %(what)s", what=title_of(booking)),
        lead=(_("The staff agreed: your booking is confirmed."),),
        details=details_of(booking),
        action=_see(booking),
        rest=_check_in(booking),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _rejected(booking: ToldBooking) -> Notice:
    lead = (
        _("The staff could not agree to this booking, and its time was given back.")
        if booking.decision_reason
        else _("Nobody decided on this booking in time, so its time was given back.")
    )
    reason = ((_("Reason"), booking.decision_reason),) if booking.decision_reason else ()
    return Notice(
        subject=_("Booking rejected: %(what)s", what=title_of(booking)),
        lead=(lead,),
        details=(*details_of(booking), *reason),
        action=Action(_("Find another time"), page_address("bookings.find")),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _reminder(booking: ToldBooking) -> Notice:
    return Notice(
        subject=_("Reminder: %(what)s", what=title_of(booking)),
        lead=(_("Your booking begins soon."),),
        details=details_of(booking),
        action=_see(booking),
        rest=_check_in(booking),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


TELLERS: Mapping[str, Teller] = {
    "BookingConfirmed": partial(_of_open, _confirmed),
    "BookingRequested": partial(_of_state, BookingState.REQUESTED, _requested),
    "BookingApproved": partial(_of_open, _approved),
    "BookingRejected": partial(_of_state, BookingState.REJECTED, _rejected),
    "BookingMoved": partial(_by_staff, _of_open, _moved),
    "BookingCancelled": partial(_by_staff, partial(_of_state, BookingState.CANCELLED), _cancelled),
    "BookingMissed": partial(_of_state, BookingState.MISSED, _missed),
    REMINDER_DUE: _reminder_due,
}


def title_of(booking: ToldBooking) -> str:
    """Return what and when, for a subject."""
    return f"{', '.join(booking.names)}, {short_moment(booking.starts_at, booking.zone)}"


def details_of(booking: ToldBooking) -> tuple[tuple[str, str], ...]:
    """Return what, when and where."""
    place = ", ".join(
        part for part in (booking.site_name, booking.site_address, booking.site_city) if part
    )
    return (
        (_("What"), ", ".join(booking.names)),
        (_("When"), slot(booking.starts_at, booking.ends_at, booking.zone)),
        (_("Where"), place),
    )


def _see(booking: ToldBooking) -> Action:
    address = page_address("bookings.show", uid=booking.uid)
    return Action(_("See, move or cancel the booking"), address)


def _find_like(booking: ToldBooking, *, now: datetime) -> Action:
    """Lead to the search for another time, filled with what the booking was."""
    day = max(now, booking.starts_at).astimezone(local_time.zone(booking.zone)).date()
    values = {
        "length": int((booking.ends_at - booking.starts_at) / timedelta(minutes=1)),
        "first": day.isoformat(),
        "last": (day + LOOK_AHEAD).isoformat(),
    }
    found = queries.like_booking(reading(), booking.uid)
    if found is not None:
        values |= {"site": found[0], "process": found[1]}
    return Action(_("Find another time"), page_address("bookings.find", **values))


def _decide_by(booking: ToldBooking) -> tuple[str, ...]:
    if booking.decide_by is None:
        return ()
    when = moment(booking.decide_by, booking.zone)
    return (_("If nobody decides by %(when)s, the request lapses.", when=when),)


def _struck(booking: ToldBooking) -> tuple[str, ...]:
    """Return what a missed or late booking led to, and where to contest it."""
    strike = strikes.of_booking(reading(), booking.uid)
    if strike is None or strike.forgiven_at is not None:
        return ()
    said = [_("It counts as a strike.")]
    if strike.suspended_until is not None:
        until = moment(strike.suspended_until, booking.zone)
        said.append(_("You cannot book before %(when)s.", when=until))
    address = page_address("strikes.index")
    said.append(_("If that is wrong, contest it here: %(address)s", address=address))
    return (" ".join(said),)


def _check_in(booking: ToldBooking) -> tuple[str, ...]:
    if booking.state != BookingState.CONFIRMED:
        return ()
    by = moment(booking.check_in_by, booking.zone)
    return (_("Check in at the machine by %(when)s; after that the time goes to others.", when=by),)
