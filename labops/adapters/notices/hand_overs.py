"""Mails about bookings that are offered to another member, and handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters import links
from labops.adapters.notices.bookings import details_of, title_of
from labops.adapters.notices.calendar_parts import Invitation
from labops.adapters.notices.words import Action, Notice, Teller, Told, moment, page_address
from labops.domain.bookings import hand_overs
from labops.domain.bookings.hand_overs import ToldOffer
from labops.domain.bookings.states import OPEN_STATES, Outcome
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.domain.notifications.queries import Addressee, ToldBooking
from labops.kernel.db import reading

# The receiver of a booking is told by the letter that confirms it, as of any other of hers.
_KIND = LetterKind.BOOKING_BY_OTHERS


def _offered(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    """Tell whoever has the address; when nobody has, nobody is told of that either."""
    offer = hand_overs.told(reading(), fact["hand_over_uid"])
    if offer is None or offer.outcome != Outcome.OFFERED:
        return ()
    booking = queries.told_booking(reading(), offer.booking_uid)
    to = queries.addressee_by_email(reading(), offer.to_email)
    if booking is None or to is None or not to.confirmed or to.person_id == offer.giver_id:
        return ()
    if booking.state not in OPEN_STATES or booking.starts_at <= now:
        return ()
    return (Told(to, partial(_offer, booking, offer, to), _KIND),)


def _declined(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    offer = hand_overs.told(reading(), fact["hand_over_uid"])
    booking = queries.told_booking(reading(), offer.booking_uid) if offer else None
    if offer is None or booking is None or booking.starts_at <= now:
        return ()
    to = queries.addressee_by_person(reading(), offer.giver_id)
    return (Told(to, partial(_refusal, booking), _KIND),) if to else ()


def _handed_over(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    """Tell whose it was; her calendar lets go of it, unless it came back to her meanwhile."""
    booking = queries.told_booking(reading(), fact["booking_uid"])
    to = queries.addressee_of(reading(), fact["giver_uid"])
    if booking is None or to is None:
        return ()
    if booking.owner is not None and booking.owner.person_id == to.person_id:
        return ()
    words = partial(_gone, booking, str(fact.get("reason") or ""))
    return (Told(to, words, _KIND, Invitation(booking, gone=True)),)


TELLERS: Mapping[str, Teller] = {
    "HandOverOffered": _offered,
    "HandOverDeclined": _declined,
    "BookingHandedOver": _handed_over,
}


def _offer(booking: ToldBooking, offer: ToldOffer, to: Addressee) -> Notice:
    return Notice(
        subject=_("Take over a booking: %(what)s", what=title_of(booking)),
        lead=(
            _("%(name)s offers you this booking. Take it, and it is yours.", name=offer.giver_name),
        ),
        details=details_of(booking),
        action=Action(
            _("See it, take it or decline it"), links.hand_over_link(offer.id, to.person_id)
        ),
        rest=(
            _(
                "The offer lapses when the booking begins: %(when)s.",
                when=moment(booking.starts_at, booking.zone),
            ),
            _("The link is for you alone: whoever opens it can answer in your name."),
        ),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _refusal(booking: ToldBooking) -> Notice:
    return Notice(
        subject=_("Not taken: %(what)s", what=title_of(booking)),
        lead=(_("Your offer of this booking was declined. It is still yours."),),
        details=details_of(booking),
        action=Action(
            _("See, move or cancel the booking"),
            page_address("bookings.show", uid=booking.uid),
        ),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )


def _gone(booking: ToldBooking, reason: str) -> Notice:
    lead = (
        _("The staff gave this booking to another member. It is not yours any more.")
        if reason
        else _("Another member took the booking that you offered. It is not yours any more.")
    )
    return Notice(
        subject=_("Booking handed over: %(what)s", what=title_of(booking)),
        lead=(lead,),
        details=(*details_of(booking), *(((_("Reason"), reason),) if reason else ())),
        signature=booking.site_name,
        reply_to=booking.site_email,
    )
