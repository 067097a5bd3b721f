"""When work that comes round again is due: pure rules over dates and hours of use."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# How long before its day, or at which part of its hours, work is due soon; and how long after, or
# at how much more than its hours, it is overdue.
SOON, LATE = timedelta(days=14), timedelta(days=7)
SOON_PART, LATE_PART = 0.9, 1.1


class Standing(StrEnum):
    """How urgent the next time is, in this order."""

    FINE = "fine"
    SOON = "soon"
    DUE = "due"
    OVERDUE = "overdue"


RANK = {standing: rank for rank, standing in enumerate(Standing)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What decides it: how often, when it was last done, and the hours used since."""

    every_months: int | None
    every_hours: int | None
    done_at: datetime
    used: timedelta

    def due_at(self, zone: ZoneInfo) -> datetime | None:
        """Return the day it is due by months, at the same local hour; `None` by hours only."""
        if self.every_months is None:
            return None
        local = self.done_at.astimezone(zone)
        years, month = divmod(local.month - 1 + self.every_months, 12)
        year, month = local.year + years, month + 1
        day = min(local.day, monthrange(year, month)[1])  # 31 January and a month: 28 February
        return local.replace(year=year, month=month, day=day).astimezone(self.done_at.tzinfo)

    def standing(self, zone: ZoneInfo, *, now: datetime) -> Standing:
        """Return how urgent it is: the worse of what the months and the hours say."""
        found = [Standing.FINE]
        due_at = self.due_at(zone)
        if due_at is not None:
            found.append(_by_time(now - due_at))
        if self.every_hours is not None:
            found.append(_by_part(self.used / timedelta(hours=self.every_hours)))
        return max(found, key=RANK.__getitem__)


def _by_time(after: timedelta) -> Standing:
    if after > LATE:
        return Standing.OVERDUE
    if after >= timedelta(0):
        return Standing.DUE
    return Standing.SOON if after >= -SOON else Standing.FINE


def _by_part(part: float) -> Standing:
    if part > LATE_PART:
        return Standing.OVERDUE
    if part >= 1:
        return Standing.DUE
    return Standing.SOON if part >= SOON_PART else Standing.FINE
