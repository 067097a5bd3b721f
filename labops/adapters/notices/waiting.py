"""Mails about the waiting list: an offer made, an offer that lapsed, a wish that staff removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _

from labops.adapters import links
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
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.domain.waiting import queries as waiting
from labops.domain.waiting.queries import OfferView, WishView
from labops.domain.waiting.states import OfferState, WishState
from labops.kernel.db import reading
from labops.kernel.errors import NotFound

# Whoever acted saw what came of it; an accepted offer is told as the booking it became.
SILENT = frozenset({"WishJoined", "WishWithdrawn", "WishLapsed", "OfferAccepted", "OfferDeclined"})


def _offer_made(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    offer = _offer(fact)
    if offer is None or not offer.is_open(now):
        return ()
    return _to_person(offer.person_uid, partial(_made, offer))


def _offer_lapsed(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    offer = _offer(fact)
    if offer is None or offer.state != OfferState.LAPSED:
        return ()
    return _to_person(offer.person_uid, partial(_lapsed, offer))


def _wish_removed(fact: Mapping[str, Any], _now: datetime) -> Sequence[Told]:
    try:
        wish = waiting.wish(reading(), fact["wish_uid"])
    except NotFound:
        return ()
    return _to_person(wish.person_uid, partial(_removed, wish)) if wish.reason else ()


def _offer(fact: Mapping[str, Any]) -> OfferView | None:
    try:
        return waiting.offer(reading(), fact["offer_uid"])
    except NotFound:
        return None


def _to_person(uid: str, words: Callable[[], Notice]) -> Sequence[Told]:
    to = queries.addressee_of(reading(), uid)
    return (Told(to, words, LetterKind.BOOKING_BY_OTHERS),) if to else ()


def _made(offer: OfferView) -> Notice:
    return Notice(
        subject=_("It is free for you: %(what)s", what=_title(offer)),
        lead=(
            _(
                "What you waited for has become free, and it is held for you until %(when)s.",
                when=moment(offer.answer_by, offer.zone),
            ),
            _("One press and it is yours. After that it goes to the next in line."),
        ),
        details=_details(offer),
        action=Action(_("Accept the offer"), links.offer_link(offer.uid)),
        instead=Action(
            _("Decline the offer: it goes to the next at once"),
            links.offer_link(offer.uid, "decline"),
        ),
        signature=offer.site_name,
        reply_to=offer.site_email,
    )


def _lapsed(offer: OfferView) -> Notice:
    if offer.wish_state in {WishState.WAITING, WishState.OFFERED}:
        lead = _(
            "The time that was held for you cannot be booked at present, so the offer ended. You"
            " keep your place on the waiting list."
        )
    else:
        lead = _(
            "Nobody answered by %(when)s, so the offer went to the next in line, and you do not"
            " wait for it any more.",
            when=moment(offer.answer_by, offer.zone),
        )
    return Notice(
        subject=_("Offer over: %(what)s", what=_title(offer)),
        lead=(lead,),
        details=_details(offer),
        action=Action(_("Find another time"), page_address("bookings.find")),
        signature=offer.site_name,
        reply_to=offer.site_email,
    )


def _removed(wish: WishView) -> Notice:
    return Notice(
        subject=_("Taken off the waiting list of %(site)s", site=wish.site_name),
        lead=(_("The staff took you off this waiting list."),),
        details=(
            (_("When"), slot(wish.earliest_at, wish.latest_at, wish.zone)),
            (_("Where"), wish.site_name),
            (_("Reason"), wish.reason),
        ),
        action=Action(_("See what you wait for"), page_address("waiting.index")),
        signature=wish.site_name,
    )


TELLERS: Mapping[str, Teller] = {
    "OfferMade": _offer_made,
    "OfferLapsed": _offer_lapsed,
    "WishRemoved": _wish_removed,
}


def _title(offer: OfferView) -> str:
    return f"{', '.join(offer.machine_names)}, {short_moment(offer.starts_at, offer.zone)}"


def _details(offer: OfferView) -> tuple[tuple[str, str], ...]:
    return (
        (_("What"), ", ".join(offer.machine_names)),
        (_("When"), slot(offer.starts_at, offer.ends_at, offer.zone)),
        (_("Where"), offer.site_name),
    )
