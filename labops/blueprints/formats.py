"""Moments, days and lengths of time in words, in the reader's language and the site's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_time
from flask import Flask
from flask_babel import get_locale, ngettext

from labops.kernel import local_time


def language() -> str:
    """Return `it` or `en`."""
    locale = get_locale()
    return locale.language if locale is not None else "en"


def as_zone(zone: ZoneInfo | str | None) -> ZoneInfo | None:
    """Return the zone of a name, or what was given."""
    return local_time.zone(zone) if isinstance(zone, str) else zone


def moment(at: datetime, zone: ZoneInfo | str | None = None) -> str:
    """Return "gio 26 nov, 14:00"."""
    local = at.astimezone(as_zone(zone) or UTC)
    pattern = "EEE d MMM, HH:mm" if zone else "EEE d MMM, HH:mm 'UTC'"
    return format_datetime(local, pattern, tzinfo=None, locale=language())


def clock_time(at: datetime, zone: ZoneInfo | str) -> str:
    """Return "14:00"."""
    return format_time(at.astimezone(as_zone(zone)), "HH:mm", tzinfo=None, locale=language())


def slot(starts_at: datetime, ends_at: datetime, zone: ZoneInfo | str) -> str:
    """Return "gio 26 nov, 14:00–16:00", with the second day when it is another."""
    tz = as_zone(zone)
    same_day = starts_at.astimezone(tz).date() == ends_at.astimezone(tz).date()
    end = clock_time(ends_at, zone) if same_day else moment(ends_at, zone)
    return f"{moment(starts_at, zone)}–{end}"


def span(starts_at: datetime, ends_at: datetime, zone: ZoneInfo | str) -> str:
    """Return whole days as "gio 24 dic 2026–mer 6 gen 2027", both included; others as a slot."""
    first, after = (at.astimezone(as_zone(zone)) for at in (starts_at, ends_at))
    if first.time() != time(0) or after.time() != time(0):
        return slot(starts_at, ends_at, zone)
    last = after.date() - timedelta(days=1)
    days = [format_date(on, "EEE d MMM y", locale=language()) for on in (first.date(), last)]
    return days[0] if first.date() == last else "–".join(days)


def day(on: date) -> str:
    """Return "giovedì 26 novembre 2026"."""
    pattern = "EEEE d MMMM y"
    return format_date(on, pattern, locale=language())


def duration(length: timedelta) -> str:
    """Return "1 h 30 min", "2 days"."""
    minutes = int(length.total_seconds() // 60)
    if minutes and minutes % (24 * 60) == 0:
        return str(ngettext("%(num)d day", "%(num)d days", minutes // (24 * 60)))
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    if rest or not parts:
        parts.append(f"{rest} min")
    return " ".join(parts)


def weekday(number: int) -> str:
    """Return the name of a weekday (Monday is 0)."""
    return format_date(date(2024, 1, 1 + number), "EEEE", locale=language())


def minute_of_day(minute: int) -> str:
    """Return "09:30"; minutes past midnight start again at 00:00."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def init_app(app: Flask) -> None:
    """Give templates these words as filters and functions."""
    app.jinja_env.filters.update(
        moment=moment,
        clock_time=clock_time,
        day=day,
        duration=duration,
        weekday=weekday,
        minute_of_day=minute_of_day,
    )
    app.jinja_env.globals.update(slot_in_words=slot, span_in_words=span)
