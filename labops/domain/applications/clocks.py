"""Clocks of calendar days that pause, and end on working days.

The day on which a term begins does not count. A pause leaves out the days after the one on which
it began, up to and including the one on which it ended. A clock that would end on a day when the
offices are shut ends on the next working day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

# Returns the holidays of a year.
Holidays = Callable[[int], frozenset[date]]
ONE_DAY = timedelta(days=1)
SATURDAY = 5
FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that do not count: after `begins_on`, up to and including `ends_on` (`None`: open)."""

    begins_on: date
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A term of `days` from `starts_on`; `stopped_on` is when what it measures was done."""

    starts_on: date
    days: int
    pauses: tuple[Pause, ...] = ()
    stopped_on: date | None = None

    def paused(self, on: date) -> Clock:
        """Return the clock paused from the day on, until `resumed`."""
        return replace(self, pauses=(*self.pauses, Pause(on)))

    def resumed(self, on: date) -> Clock:
        """Return the clock running again: the day after `on` is the first that counts."""
        pauses = tuple(
            Pause(each.begins_on, max(on, each.begins_on)) if each.ends_on is None else each
            for each in self.pauses
        )
        return replace(self, pauses=pauses)

    def extended(self, days: int) -> Clock:
        """Return the clock with another term in all."""
        return replace(self, days=days)

    def stopped(self, on: date) -> Clock:
        """Return the clock as it stays once the thing was done."""
        return replace(self.resumed(on), stopped_on=on)

    def is_paused(self, on: date) -> bool:
        """Say whether the clock stands still at the end of the day."""
        if self.stopped_on is not None and self.stopped_on <= on:
            return False
        return any(
            each.begins_on <= on and (each.ends_on is None or on < each.ends_on)
            for each in self.pauses
        )

    def elapsed(self, on: date) -> int:
        """Return how many days have counted by the end of the day."""
        end = on if self.stopped_on is None else min(on, self.stopped_on)
        gone = max((end - self.starts_on).days, 0)
        for first, last in _merged(self.pauses):
            begin = max(first, self.starts_on)
            gone -= max((min(last, end) - begin).days, 0)
        return max(gone, 0)

    def runs_out_on(self) -> date | None:
        """Return the day that would be the last by the calendar; `None` while a pause is open."""
        last = self.starts_on + timedelta(days=self.days)
        for first, until in _merged(self.pauses):
            begin = max(first, self.starts_on)
            if begin >= last:
                break
            if until == FAR:
                return None
            last += max(until - begin, timedelta())
        return last

    def due_on(self, holidays: Holidays) -> date | None:
        """Return the last day in time, a working day; `None` while a pause is open."""
        last = self.runs_out_on()
        return None if last is None else working_day(last, holidays)

    def is_late(self, on: date, holidays: Holidays) -> bool:
        """Say whether the last day in time has passed without the thing done."""
        due = self.due_on(holidays)
        done = self.stopped_on if self.stopped_on is not None and self.stopped_on <= on else on
        return due is not None and done > due

    def left(self, on: date, holidays: Holidays) -> int:
        """Return how many days are left, below zero when late; paused ones do not count."""
        due = self.due_on(holidays)
        if due is None or self.is_paused(on):
            return self.days - self.elapsed(on)
        return (due - on).days


def working_day(day: date, holidays: Holidays) -> date:
    """Return the day, or the next one that is neither a weekend's nor a holiday."""
    while day.weekday() >= SATURDAY or day in holidays(day.year):
        day += ONE_DAY
    return day


def term(starts_on: date, days: int, holidays: Holidays) -> date:
    """Return the last day of a term without pauses."""
    return working_day(starts_on + timedelta(days=days), holidays)


def _merged(pauses: Sequence[Pause]) -> list[tuple[date, date]]:
    """Return the pauses in order, those that touch or overlap as one; an open one ends at `FAR`."""
    found: list[tuple[date, date]] = []
    for pause in sorted(pauses, key=lambda each: each.begins_on):
        first, last = pause.begins_on, pause.ends_on or FAR
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found
