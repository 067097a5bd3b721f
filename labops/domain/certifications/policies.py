"""On which days a certification counts. Pure: days are local, spans include both their ends."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from labops.domain.certifications.states import ShownName, Standing

# From how many days before its end a certification is renewed by use, where that is a way.
RENEWAL_WINDOW = timedelta(days=30)
REMINDED_DAYS = (30, 7)
_DAY = timedelta(days=1)
# The first and the last day of a span; without a last it is open.
Span = tuple[date, date | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """Days without the right; `resumed_on` is the first on which it counts again."""

    starts_on: date
    ends_on: date | None = None
    resumed_on: date | None = None

    @property
    def last_on(self) -> date | None:
        """Return the last day without the right, `None` for no end."""
        return earlier(self.ends_on, self.resumed_on - _DAY if self.resumed_on else None)

    def covers(self, day: date) -> bool:
        """Say whether the right is suspended on the day."""
        return self.starts_on <= day and (self.last_on is None or day <= self.last_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """One grant as far as its days are concerned."""

    starts_on: date
    ends_on: date | None = None
    lapses_on: date | None = None
    revoked: bool = False

    @property
    def last_on(self) -> date | None:
        """Return its last day, whichever way it ends; `None` for no end."""
        return earlier(self.ends_on, self.lapses_on)


def earlier(one: date | None, other: date | None) -> date | None:
    """Return the earlier of two days of which either may be open."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def months_later(day: date, months: int) -> date:
    """Return the same day of the month that many months later, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def spans(starts_on: date, last_on: date | None, suspensions: Iterable[Suspended]) -> list[Span]:
    """Return the spans of days that are left of a grant when suspended days are taken out.

    Where its first day is taken out, an empty span that ends before it begins says so: it covers
    no day, but tells that there was a right.
    """
    left: list[Span] = []
    first: date | None = starts_on
    for gap in sorted(suspensions, key=lambda one: one.starts_on):
        if first is None:
            break
        until = gap.last_on
        if until is not None and until < max(first, gap.starts_on):
            continue
        if gap.starts_on > first:
            left.append((first, earlier(gap.starts_on - _DAY, last_on)))
        first = None if until is None else until + _DAY
    if first is not None:
        left.append((first, last_on))
    left = [(begin, end) for begin, end in left if end is None or begin <= end]
    if not left or left[0][0] != starts_on:
        left.insert(0, (starts_on, starts_on - _DAY))
    return left


def lapse_of(unused_days: int | None, *used_on: date | None) -> date | None:
    """Return the last day on which it counts without a further use; `None` for no such end."""
    used = [day for day in used_on if day is not None]
    return None if unused_days is None or not used else max(used) + timedelta(days=unused_days)


def stands(grants: Sequence[Granted], suspensions: Iterable[Suspended], day: date) -> Standing:
    """Say how the grants of one machine type and level stand on a day, the latest one last."""
    kept = [one for one in grants if not one.revoked]
    now = [
        one for one in kept if one.starts_on <= day and (one.last_on is None or day <= one.last_on)
    ]
    if now:
        suspended = any(gap.covers(day) for gap in suspensions)
        return Standing.SUSPENDED if suspended else Standing.VALID
    if any(one.starts_on > day for one in kept):
        return Standing.NOT_YET
    if grants[-1].revoked or not kept:
        return Standing.REVOKED
    last = max(kept, key=lambda one: one.last_on or date.max)
    by_disuse = last.lapses_on is not None and (
        last.ends_on is None or last.lapses_on < last.ends_on
    )
    return Standing.UNUSED if by_disuse else Standing.EXPIRED


def reminder_due(starts_on: date, last_on: date, today: date) -> int | None:
    """Return which reminder of the end is due: the nearest of those whose day has come.

    None is due for a grant that is shorter than the notice, nor once it has ended.
    """
    left = (last_on - today).days
    whole = (last_on - starts_on).days
    due = [days for days in REMINDED_DAYS if 0 <= left <= days < whole]
    return min(due, default=None)


def name_shown(name: str, shown: ShownName) -> str:
    """Return as much of a name as its owner shows; empty for nothing of it."""
    words = name.split()
    if shown is ShownName.FULL:
        return name
    if shown is ShownName.FIRST:
        return words[0] if words else ""
    if shown is ShownName.INITIALS:
        return " ".join(f"{word[0].upper()}." for word in words)
    return ""
