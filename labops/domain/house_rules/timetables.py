"""Weekly hours with a name: what a limit, an opening or an audience may be bound to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from labops.kernel import local_time
from labops.kernel.interval import Interval, merged

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SUNDAY = 6
DAY = local_time.DAY_MINUTES
_TIME = r"(\d{1,2})(?::(\d{2}))?"
_HOURS = re.compile(rf"([a-z,\s-]+?)\s+{_TIME}\s*-\s*{_TIME}")
_SEASON = re.compile(r"(\d{4}-)?(\d{2}-\d{2})/(\d{4}-)?(\d{2}-\d{2})")

# A span of a weekday (Monday is 0) in minutes of its local day; above 1440 it ends the next day.
Span = tuple[int, int, int]


class Holidays(StrEnum):
    """What a public holiday does to a timetable."""

    AS_USUAL = "as-usual"
    AS_SUNDAY = "as-sunday"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Season:
    """A part of the year, both days included: `06-01` to `09-15`, or full dates."""

    first: str
    last: str

    def covers(self, day: date) -> bool:
        """Say whether the day lies in the season; one of every year may run over New Year."""
        written = day.isoformat()
        if len(self.first) == len("06-01"):
            written = written[-5:]
            if self.first > self.last:
                return written >= self.first or written <= self.last
        return self.first <= written <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """Hours of the week by name. A span belongs to the day on which it begins."""

    name: str
    hours: tuple[Span, ...]
    holidays: Holidays = Holidays.AS_USUAL
    seasons: tuple[Season, ...] = ()

    def of_day(self, day: date, holidays: Collection[date]) -> Iterator[tuple[int, int]]:
        """Yield the minutes at which the day's spans begin and end."""
        if self.seasons and not any(season.covers(day) for season in self.seasons):
            return
        weekday = day.weekday()
        if self.holidays is not Holidays.AS_USUAL and day in holidays:
            if self.holidays is Holidays.OFF:
                return
            weekday = SUNDAY
        for on, start, end in self.hours:
            if on == weekday:
                yield start, end

    def during(
        self, window: Interval, zone: ZoneInfo, holidays: Collection[date]
    ) -> tuple[Interval, ...]:
        """Return the spans that reach into the window, whole, joined where they touch."""
        days = local_time.days_touched(window, zone)
        around = (days[0] - timedelta(days=1), *days, days[-1] + timedelta(days=1))
        spans = (
            _instants(day, start, end, zone)
            for day in around
            for start, end in self.of_day(day, holidays)
        )
        found = merged(span for span in spans if span is not None)
        return tuple(span for span in found if span.overlaps(window))

    def inside(
        self, slot: Interval, zone: ZoneInfo, holidays: Collection[date]
    ) -> tuple[Interval, ...]:
        """Return the parts of the slot that fall inside the hours."""
        return tuple(
            Interval(max(span.starts_at, slot.starts_at), min(span.ends_at, slot.ends_at))
            for span in self.during(slot, zone, holidays)
        )


@dataclass(frozen=True, slots=True)
class Session:
    """A part of the day that is booked as a whole, such as a morning."""

    name: str
    hours: tuple[Span, ...]

    def during(self, window: Interval, zone: ZoneInfo) -> Iterator[Interval]:
        """Yield every time of the session that shares time with the window."""
        days = local_time.days_touched(window, zone)
        for day in (days[0] - timedelta(days=1), *days):
            for on, start, end in self.hours:
                if on == day.weekday():
                    span = _instants(day, start, end, zone)
                    if span is not None and span.overlaps(window):
                        yield span


def read_hours(text: str) -> tuple[Span, ...]:
    """Return the spans of "mon-fri 09:00-18:00"; raises `ValueError`.

    Days are a list, a range or "daily"; an end at or before its start is the next day's.
    """
    found = _HOURS.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    start, end = read_minute(found[2], found[3]), read_minute(found[4], found[5])
    if start == DAY:
        raise ValueError(text)
    if end <= start:
        end += DAY
    return tuple((weekday, start, end) for weekday in _weekdays(found[1]))


def write_hours(hours: Iterable[Span]) -> list[str]:
    """Return spans as text that `read_hours` understands, equal hours in one line."""
    days: dict[tuple[int, int], list[str]] = {}
    for weekday, start, end in sorted(hours):
        days.setdefault((start, end), []).append(WEEKDAYS[weekday])
    return [
        f"{'daily' if len(on) == len(WEEKDAYS) else ','.join(on)} "
        f"{write_minute(start)}-{write_minute(end if end <= DAY else end - DAY)}"
        for (start, end), on in sorted(days.items())
    ]


def read_season(text: str) -> Season:
    """Return the season of "06-01/09-15" or "2026-06-01/2026-09-15"; raises `ValueError`."""
    found = _SEASON.fullmatch(text.strip())
    if found is None or bool(found[1]) != bool(found[3]):
        raise ValueError(text)
    first, last = text.strip().split("/")
    for day in (first, last):
        # A season of every year may name 29 February.
        date.fromisoformat(day if found[1] else f"2024-{day}")
    if found[1] and first > last:
        raise ValueError(text)
    return Season(first, last)


def read_minute(hours: str, minutes: str | None = None) -> int:
    """Return the minute of the day, up to 24:00; raises `ValueError`."""
    minute = int(hours) * 60 + int(minutes or 0)
    if int(minutes or 0) >= 60 or minute > DAY:  # noqa: PLR2004
        raise ValueError(hours)
    return minute


def read_clock(text: str) -> int:
    """Return the minute of the day of "17:30"; raises `ValueError`."""
    found = re.fullmatch(_TIME, text.strip())
    if found is None:
        raise ValueError(text)
    return read_minute(found[1], found[2])


def write_minute(minute: int) -> str:
    """Return "09:30"; the end of the day is "24:00"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _weekdays(text: str) -> tuple[int, ...]:
    if text.strip() == "daily":
        return tuple(range(len(WEEKDAYS)))
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (name.strip() for name in part.partition("-"))
        start = WEEKDAYS.index(first)
        end = WEEKDAYS.index(last) if dash else start
        # "sat-mon" runs over the end of the week.
        found |= {n % 7 for n in range(start, end + 1 + (7 if end < start else 0))}
    return tuple(sorted(found))


def _instants(day: date, start: int, end: int, zone: ZoneInfo) -> Interval | None:
    """Return the span on that day; `None` when the clocks jump over all of it."""
    starts_at = local_time.at_minute(day, start, zone)
    ends_at = local_time.at_minute(day, end, zone)
    return Interval(starts_at, ends_at) if starts_at < ends_at else None
