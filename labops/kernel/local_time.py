"""Wall-clock time of a site: the only door between local times and instants.

Python decides here, never the database: for the hour that happens twice PostgreSQL picks the
second and Python the first, one hour apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from labops.kernel.interval import Interval

DAY_MINUTES = 24 * 60


class WallClock(StrEnum):
    """What a local time is on its day."""

    NORMAL = "normal"
    TWICE = "twice"
    NEVER = "never"


class NoSuchLocalTime(ValueError):
    """The clocks jump over this local time; `suggestion` is the local time after the jump."""

    def __init__(self, wanted: datetime, suggestion: datetime) -> None:
        super().__init__(f"{wanted:%Y-%m-%d %H:%M} does not exist: the clocks go forward.")
        self.wanted = wanted
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class LocalReading:
    """An instant that came from a local time, and whether that local time happens twice."""

    instant: datetime
    clock: WallClock


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the zone of that IANA name; raises `ValueError` for an unknown one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"There is no time zone called {name!r}.") from error


def wall_clock(local: datetime, tz: ZoneInfo) -> WallClock:
    """Say whether a naive local time exists once, twice or never in the zone."""
    first = local.replace(tzinfo=tz, fold=0)
    second = local.replace(tzinfo=tz, fold=1)
    if first.utcoffset() == second.utcoffset():
        return WallClock.NORMAL
    back = first.astimezone(UTC).astimezone(tz).replace(tzinfo=None)
    return WallClock.TWICE if back == local else WallClock.NEVER


def read_local(local: datetime, tz: ZoneInfo) -> LocalReading:
    """Turn a naive local time into an instant; a time that happens twice means the first.

    Raises `NoSuchLocalTime` for a time the clocks jump over.
    """
    kind = wall_clock(local, tz)
    instant = local.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if kind is WallClock.NEVER:
        raise NoSuchLocalTime(local, instant.astimezone(tz).replace(tzinfo=None))
    return LocalReading(instant, kind)


def at_minute(day: date, minute: int, tz: ZoneInfo) -> datetime:
    """Return the instant of a minute of a local day (1440 and more reach into the next day).

    A minute that never happens moves to the first instant after the jump, so that an opening
    hour of 02:30 still opens on the night the clocks go forward.
    """
    days, minutes = divmod(minute, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60))
    return local.replace(tzinfo=tz, fold=0).astimezone(UTC)


def local_day(day: date, tz: ZoneInfo) -> Interval:
    """Return the local day as instants: 23, 24 or 25 hours long."""
    return Interval(at_minute(day, 0, tz), at_minute(day, DAY_MINUTES, tz))


def local_week(day: date, tz: ZoneInfo) -> Interval:
    """Return the local week, Monday to Sunday, that holds the day."""
    monday = day - timedelta(days=day.weekday())
    return Interval(at_minute(monday, 0, tz), at_minute(monday + timedelta(days=7), 0, tz))


@lru_cache(maxsize=1024)
def days_touched(span: Interval, tz: ZoneInfo) -> tuple[date, ...]:
    """Return every local date that has a part of the span.

    Remembered, because many rules ask it of the same few spans.
    """
    first = span.starts_at.astimezone(tz).date()
    last = (span.ends_at - timedelta(microseconds=1)).astimezone(tz).date()
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
