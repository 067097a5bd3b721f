"""Letters of Monday morning: what the week brings, to those who asked to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from labops.adapters.notices.words import (
    Action,
    Notice,
    Teller,
    Told,
    host_name,
    page_address,
    short_slot,
)
from labops.domain.bookings.queries import BookingView
from labops.domain.bookings.states import BookingState
from labops.domain.notifications import coming, queries
from labops.domain.notifications.coming import SiteWeek
from labops.domain.notifications.kinds import LetterKind
from labops.kernel.db import reading
from labops.kernel.interval import Interval


def _digest_due(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    to, week = queries.addressee_by_person(reading(), fact["person_id"]), _rest_of_week(fact, now)
    bookings = coming.own_bookings(reading(), to.person_id, week) if to and week else []
    if to is None or not bookings:
        return ()  # an empty week is no news
    return (Told(to, partial(_digest, bookings), LetterKind.DIGEST),)


def _staff_digest_due(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    to, week = queries.addressee_by_person(reading(), fact["person_id"]), _rest_of_week(fact, now)
    sites = coming.at_sites_of(reading(), to.person_id, week, now=now) if to and week else []
    return (
        (Told(to, partial(_staff_digest, sites), LetterKind.STAFF_DIGEST),) if to and sites else ()
    )


TELLERS: Mapping[str, Teller] = {
    "DigestDue": _digest_due,
    "StaffDigestDue": _staff_digest_due,
}


def _rest_of_week(fact: Mapping[str, Any], now: datetime) -> Interval | None:
    ends_at = datetime.fromisoformat(fact["until"])
    return Interval(now, ends_at) if now < ends_at else None


def _digest(bookings: Sequence[BookingView]) -> Notice:
    return Notice(
        subject=ngettext(
            "This week: %(num)d booking", "This week: %(num)d bookings", len(bookings)
        ),
        lead=(_("This is what you booked for this week."),),
        details=tuple(_line(booking) for booking in bookings),
        action=Action(_("See your bookings"), page_address("bookings.index")),
        signature=host_name(),
    )


def _line(booking: BookingView) -> tuple[str, str]:
    what = f"{', '.join(booking.machine_names)} ({booking.site_name})"
    if booking.state == BookingState.REQUESTED:
        what = _("%(what)s, waits for approval", what=what)
    return short_slot(booking.starts_at, booking.ends_at, booking.zone), what


def _staff_digest(sites: Sequence[SiteWeek]) -> Notice:
    names = ", ".join(site.name for site in sites)
    return Notice(
        subject=_("This week at %(sites)s", sites=names),
        lead=(_("This is what comes this week at the sites where you work."),),
        details=tuple((site.name, _week(site)) for site in sites),
        action=Action(_("See today"), page_address("staff.today")),
        signature=host_name(),
    )


def _week(site: SiteWeek) -> str:
    parts = [ngettext("%(num)d booking", "%(num)d bookings", site.booking_count)]
    if site.request_count:
        parts.append(
            ngettext(
                "%(num)d request waits for an answer",
                "%(num)d requests wait for an answer",
                site.request_count,
            )
        )
    if site.out_of_service:
        parts.append(_("out of service: %(machines)s", machines=", ".join(site.out_of_service)))
    else:
        parts.append(_("every machine is in service"))
    return "; ".join(str(part) for part in parts)
