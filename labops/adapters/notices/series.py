"""Mails about series: one for each act, whatever the number of its bookings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from labops.adapters.notices.words import Action, Notice, Teller, Told, page_address, slot
from labops.domain.bookings.states import BookingState
from labops.domain.notifications import queries
from labops.domain.notifications.kinds import LetterKind
from labops.domain.series import queries as series_queries
from labops.domain.series.queries import OccurrenceView, SeriesView
from labops.domain.series.values import Pattern
from labops.kernel.db import reading

Words = Callable[[SeriesView, Collection[int]], Notice]
DAY = timedelta(days=1)


def tells_of(fact: Mapping[str, Any]) -> bool:
    """Say whether a booking's fact came with others, which a letter about their series tells.

    Where an invitation put the booking into a calendar, only its own letter can change it there.
    """
    if "booking_uid" not in fact or not fact.get("series_uid"):
        return False
    booking = queries.told_booking(reading(), fact["booking_uid"])
    if booking is None or booking.owner is None:
        return True
    return not queries.is_in_calendar(reading(), booking.owner.person_id, booking.id)


def repetition(pattern: Pattern) -> str:
    """Return "every week on Tuesday, 10:00–12:00"; a day and more is told in hours."""
    locale = get_locale()
    day = format_date(pattern.starts.date(), "EEEE", locale=locale or "en")
    ends = pattern.starts + pattern.length
    hours = f"{pattern.starts:%H:%M}–{ends:%H:%M}"
    if pattern.length >= DAY:
        hours = f"{pattern.starts:%H:%M} + {pattern.length // timedelta(hours=1)} h"
    if pattern.weeks == 1:
        return str(_("every week on %(day)s, %(hours)s", day=day, hours=hours))
    return str(_("every two weeks on %(day)s, %(hours)s", day=day, hours=hours))


def _as_it_stands(words: Words, fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    """Tell the series as it is now, unless something newer tells of it."""
    view = series_queries.view(reading(), fact["series_uid"], now=now)
    if view is None or view.revision != fact["revision"] or not view.coming:
        return ()
    return _to_owner(view, words, fact)


def _given_up(fact: Mapping[str, Any], now: datetime) -> Sequence[Told]:
    # What was cancelled stays so: this is told however late, and whatever came after it.
    view = series_queries.view(reading(), fact["series_uid"], now=now)
    return _to_owner(view, _cancelled, fact) if view else ()


def _to_owner(view: SeriesView, words: Words, fact: Mapping[str, Any]) -> Sequence[Told]:
    to = queries.addressee_by_person(reading(), view.person_id)
    if to is None:
        return ()
    by = queries.last_changed_by(reading(), f"series:{view.uid}")
    kind = LetterKind.BOOKING if by == view.person_id else LetterKind.BOOKING_BY_OTHERS
    return (Told(to, partial(words, view, frozenset(fact["numbers"])), kind),)


def _booked(view: SeriesView, _numbers: Collection[int]) -> Notice:
    count = len(view.coming)
    return Notice(
        subject=_("Series booked: %(what)s", what=_title(view)),
        lead=(
            ngettext(
                "Your series is booked: one booking.",
                "Your series is booked: %(num)d bookings.",
                count,
            ),
            *_waiting(view),
        ),
        details=(*_head(view), *_lines(view, view.coming)),
        action=_see(view),
        signature=view.site_name,
        reply_to=view.site_email,
    )


def _moved(view: SeriesView, _numbers: Collection[int]) -> Notice:
    return Notice(
        subject=_("Series moved: %(what)s", what=_title(view)),
        lead=(
            _("Bookings of your series have other times. This is how it stands now."),
            *_waiting(view),
        ),
        details=(*_head(view), *_lines(view, view.coming)),
        action=_see(view),
        signature=view.site_name,
        reply_to=view.site_email,
    )


def _cancelled(view: SeriesView, numbers: Collection[int]) -> Notice:
    gone = [
        one
        for one in view.occurrences
        if one.number in numbers and one.state == BookingState.CANCELLED
    ]
    return Notice(
        subject=_("Series cancelled: %(what)s", what=_title(view)),
        lead=(
            ngettext(
                "One booking of your series was cancelled, and its time was given back.",
                "%(num)d bookings of your series were cancelled, and their time was given back.",
                len(gone),
            ),
        ),
        details=(*_head(view), *_lines(view, gone)),
        action=_see(view),
        rest=(*_late(gone), _left(view)),
        signature=view.site_name,
        reply_to=view.site_email,
    )


TELLERS: Mapping[str, Teller] = {
    "SeriesBooked": partial(_as_it_stands, _booked),
    "SeriesMoved": partial(_as_it_stands, _moved),
    "SeriesCancelled": _given_up,
}


def _title(view: SeriesView) -> str:
    return f"{', '.join(view.machine_names)}, {repetition(view.pattern)}"


def _head(view: SeriesView) -> tuple[tuple[str, str], ...]:
    place = ", ".join(part for part in (view.site_name, view.site_address, view.site_city) if part)
    return (
        (_("What"), ", ".join(view.machine_names)),
        (_("When"), repetition(view.pattern)),
        (_("Where"), place),
    )


def _lines(view: SeriesView, occurrences: Sequence[OccurrenceView]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one.number), _line(view, one)) for one in occurrences)


def _line(view: SeriesView, one: OccurrenceView) -> str:
    when = slot(one.starts_at, one.ends_at, view.zone)
    if one.state == BookingState.REQUESTED:
        return str(_("%(when)s (the staff have to agree)", when=when))
    if one.cancelled_late:
        return str(_("%(when)s (given up late)", when=when))
    if one.shifted:
        return str(_("%(when)s (the clocks skip the usual hour that night)", when=when))
    return when


def _waiting(view: SeriesView) -> tuple[str, ...]:
    if all(one.state != BookingState.REQUESTED for one in view.coming):
        return ()
    return (
        _("The staff have to agree to those that say so. Until then their time is held for you."),
    )


def _late(gone: Sequence[OccurrenceView]) -> tuple[str, ...]:
    if not any(one.cancelled_late for one in gone):
        return ()
    address = page_address("strikes.index")
    return (_("See here what giving up late led to: %(address)s", address=address),)


def _left(view: SeriesView) -> str:
    if not view.coming:
        return str(_("Nothing of the series is left."))
    return str(
        ngettext(
            "One booking of the series is still to come.",
            "%(num)d bookings of the series are still to come.",
            len(view.coming),
        )
    )


def _see(view: SeriesView) -> Action:
    address = page_address("series.show", uid=view.uid)
    return Action(_("See, move or cancel the series"), address)
