"""Opening hours in sentences, and read from what people type."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _

from labops.blueprints import formats
from labops.domain.sites.holidays import countries
from labops.domain.sites.queries import WeeklyHours
from labops.domain.sites.services import Span

DAY = 24 * 60
WEEKDAYS = range(7)
_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?"
_SPAN = re.compile(rf"{_TIME}\s*(?:-|–|—)\s*{_TIME}")
_SHUT = {"", "-", "–", "closed", "chiuso"}


class UnreadableHours(ValueError):
    """What was typed as a day's hours cannot be read; the text is a sentence for people."""


def country_names() -> list[tuple[str, str]]:
    """Return code and name of the countries whose holidays are known, by name."""
    territories = (get_locale() or Locale("en")).territories
    named = [(code, territories.get(code, code)) for code in countries()]
    return sorted(named, key=lambda country: country[1])


def hours_by_day(hours: WeeklyHours) -> list[tuple[str, str]]:
    """Return each weekday's name with its hours, such as "09:00–13:00, 14:00–18:30"."""
    days = []
    for weekday in WEEKDAYS:
        spans = [(opens, closes) for on, opens, closes in hours.spans if on == weekday]
        shown = ", ".join(_span_in_words(opens, closes) for opens, closes in spans)
        days.append((formats.weekday(weekday), shown or _("closed")))
    return days


def written_hours(hours: WeeklyHours, weekday: int) -> str:
    """Return a day's hours as one would type them."""
    return ", ".join(
        f"{formats.minute_of_day(opens)}-{_end_of(closes)}"
        for on, opens, closes in hours.spans
        if on == weekday
    )


def read_hours(text: str, weekday: int) -> list[Span]:
    """Return the spans of a day from "9-13, 14:00-18:30"; an end before its start is next day's.

    Raises `UnreadableHours`.
    """
    text = text.strip().lower()
    if text in _SHUT:
        return []
    spans = [_read_span(part.strip(), weekday) for part in re.split(r"[,;]", text) if part.strip()]
    ordered = sorted(spans, key=lambda span: span.opens_minute)
    for earlier, later in pairwise(ordered):
        if later.opens_minute < earlier.closes_minute:
            raise UnreadableHours(
                _(
                    "%(earlier)s and %(later)s overlap.",
                    earlier=_span_in_words(earlier.opens_minute, earlier.closes_minute),
                    later=_span_in_words(later.opens_minute, later.closes_minute),
                )
            )
    return ordered


def minutes(length: timedelta) -> int:
    """Return a length of time in whole minutes."""
    return int(length.total_seconds() // 60)


def _span_in_words(opens: int, closes: int) -> str:
    shown = f"{formats.minute_of_day(opens)}–{_end_of(closes)}"
    return _("%(hours)s (the next day)", hours=shown) if closes > DAY else shown


def _end_of(closes: int) -> str:
    return "24:00" if closes == DAY else formats.minute_of_day(closes)


def _read_span(text: str, weekday: int) -> Span:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise UnreadableHours(
            _("“%(text)s” cannot be read. Write it as 9:00-13:00.", text=text[:40])
        )
    opens = _minute(found[1], found[2], text)
    closes = _minute(found[3], found[4], text)
    if opens in {DAY, closes}:
        raise UnreadableHours(_("“%(text)s” ends when it starts.", text=text))
    if closes < opens:
        closes += DAY
    return Span(weekday=weekday, opens_minute=opens, closes_minute=closes)


def _minute(hours: str, rest: str | None, text: str) -> int:
    minute = int(hours) * 60 + int(rest or 0)
    if int(rest or 0) >= 60 or minute > DAY:  # noqa: PLR2004
        raise UnreadableHours(_("“%(text)s” holds a time that no clock shows.", text=text))
    return minute
