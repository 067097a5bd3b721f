"""The days on which the city's offices are shut, and its own day."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from labops.domain.sites.holidays import HolidaySettings, named
from labops.kernel import local_time

ZONE = local_time.zone("Europe/Rome")
# Milan keeps its patron's day, whatever a library says about its province.
CITY = HolidaySettings("IT", "MI", ((12, 7, "Sant'Ambrogio"),))


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """Return the days of the year on which no term ends."""
    return frozenset(named(CITY, year))


def city_day(now: datetime) -> date:
    """Return the day that it is in the city."""
    return now.astimezone(ZONE).date()
