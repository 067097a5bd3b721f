"""When a backup is due, and which ones are kept: pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

# When few people book at either end of Europe.
NIGHT = time(1, 0)
# Whatever went wrong is tried again, but not all night long.
TRY_AGAIN_AFTER = timedelta(hours=1)
# After this nobody writes it any more: its process has ended.
GIVEN_UP_AFTER = timedelta(hours=6)
# A night and two hours: older than this, the last good one says that something is wrong.
TOO_OLD = timedelta(hours=26)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How many days, weeks and months keep their newest backup; each at least one."""

    daily: int = 7
    weekly: int = 5
    monthly: int = 12


def latest_night(now: datetime) -> datetime:
    """Return when the last night's backup was due: one o'clock, UTC."""
    tonight = datetime.combine(now.date(), NIGHT, tzinfo=now.tzinfo)
    return tonight if tonight <= now else tonight - timedelta(days=1)


def is_due(*, good_at: datetime | None, tried_at: datetime | None, now: datetime) -> bool:
    """Say whether the night's backup is to be taken.

    `good_at` is when the last good one began or, without any, since when there is anything to
    keep; `None` when there is nothing. `tried_at` is the last try, good or not.
    """
    if good_at is None or good_at >= latest_night(now):
        return False
    return tried_at is None or tried_at <= now - TRY_AGAIN_AFTER


def kept(moments: Iterable[datetime], keep: Keep) -> set[datetime]:
    """Return which backups to keep, by the instants (UTC) at which they were taken.

    The newest of each of the last days, weeks and months that have any. So what is dropped does
    not depend on how often this is asked: the newest of a week stays its newest until it goes.
    """
    latest_first = sorted(set(moments), reverse=True)
    rules: tuple[tuple[int, Callable[[datetime], Hashable]], ...] = (
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
    )
    found = set()
    for count, period_of in rules:
        seen: set[Hashable] = set()
        for moment in latest_first:
            period = period_of(moment)
            if period not in seen and len(seen) < count:
                seen.add(period)
                found.add(moment)
    return found
