"""The windows in which a quota counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from labops.domain.bookings.facts import BookingFacts
from labops.domain.bookings.policies.binding import week_of
from labops.domain.house_rules.limits import LimitRule, Quota, Window
from labops.domain.house_rules.values import HouseRules
from labops.kernel import local_time
from labops.kernel.interval import Interval

Parts = tuple[Interval, ...]
DAY = timedelta(days=1)
NO_TIME = timedelta(0)


def windows(
    quota: Quota, facts: BookingFacts, parts: Parts, held: Sequence[Parts]
) -> Iterator[Interval]:
    """Yield the windows that the counted parts touch, earliest first.

    Of the rolling windows only those are looked at that begin on a day with a booking: any other
    holds no more than the next of these.
    """
    if quota.window is Window.BOOKING:
        yield facts.slot
        return
    days = _touched(parts, facts.zone)
    if quota.window is Window.ROLLING:
        for first in _rolling(quota.rolling_days, facts, days, held):
            yield _days(first, first + timedelta(days=quota.rolling_days), facts.zone)
        return
    after = days[0]
    for day in days:
        if day >= after:
            first, after = _period(quota.window, quota.week_starts, day)
            yield _days(first, after, facts.zone)


def reach(quota: Quota, facts: BookingFacts, parts: Parts) -> Interval:
    """Return the span outside which no held booking can matter to the quota."""
    if quota.window is Window.BOOKING:
        return facts.slot
    days = _touched(parts, facts.zone)
    if quota.window is Window.ROLLING:
        more = timedelta(days=quota.rolling_days - 1)
        return _days(days[0] - more, days[-1] + more + DAY, facts.zone)
    first, after = _period(quota.window, quota.week_starts, days[0])
    if days[-1] >= after:
        _first, after = _period(quota.window, quota.week_starts, days[-1])
    return _days(first, after, facts.zone)


def held_since(rules: Iterable[HouseRules], slot: Interval, zone: ZoneInfo) -> datetime:
    """Return the instant from which on a person's bookings can matter to any of these rules."""
    day = local_time.days_touched(slot, zone)[0]
    first = day
    for one in rules:
        first = min(first, day - one.gap - DAY if one.gap else day)
        for quota in one.quotas:
            if quota.window is Window.ROLLING:
                first = min(first, day - timedelta(days=quota.rolling_days - 1))
            elif quota.window is not Window.BOOKING:
                first = min(first, _period(quota.window, quota.week_starts, day)[0])
        for limit in one.limits:
            # So many working days in a row lie within twice as many days and a week.
            run = timedelta(days=2 * limit.count + 7) if limit.rule is LimitRule.RUN else NO_TIME
            first = min(first, day - limit.length - DAY, day - run)
    return local_time.at_minute(first, 0, zone)


def _touched(parts: Parts, zone: ZoneInfo) -> Sequence[date]:
    if len(parts) == 1:
        return local_time.days_touched(parts[0], zone)
    return sorted({day for part in parts for day in local_time.days_touched(part, zone)})


@lru_cache(maxsize=1024)
def _period(window: Window, week_starts: int, day: date) -> tuple[date, date]:
    """Return the first day of the window that holds the day, and the day after its last."""
    if window is Window.DAY:
        return day, day + DAY
    if window is Window.WEEK:
        first = week_of(day, week_starts)
        return first, first + timedelta(days=7)
    if window is Window.MONTH:
        return day.replace(day=1), (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return date(day.year, 1, 1), date(day.year + 1, 1, 1)


def _rolling(
    length: int, facts: BookingFacts, days: Sequence[date], held: Sequence[Parts]
) -> list[date]:
    earliest = days[0] - timedelta(days=length - 1)
    touched = {
        day
        for spans in held
        for span in spans
        for day in local_time.days_touched(span, facts.zone)
        if earliest <= day <= days[-1]
    }
    return sorted({*days, *touched})


@lru_cache(maxsize=1024)
def _days(first: date, after: date, zone: ZoneInfo) -> Interval:
    """Return the local days from the first up to the one after the last, 23 or 25 hours each."""
    return Interval(local_time.at_minute(first, 0, zone), local_time.at_minute(after, 0, zone))
