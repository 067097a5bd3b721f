"""Public holidays of a site: those of its country and region, and days of its own.

The country's come from a library that knows their history; what a town keeps besides, such as its
patron's day, is the site's data, a line each: `12-07 Sant'Ambrogio`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.sites.models import Site
from labops.kernel import local_time
from labops.kernel.db import remembered
from labops.kernel.errors import Invalid
from labops.kernel.interval import Interval

LEAP_YEAR = 2024  # every day of a year exists in it
LONGEST_NAME = 80
MOST_LOCAL = 50
_LINE = re.compile(r"(\d{2})-(\d{2})(?:\s+(.*))?")


@dataclass(frozen=True, slots=True)
class HolidaySettings:
    """Which holidays a site keeps; `local` are month, day and name."""

    country: str
    subdivision: str
    local: tuple[tuple[int, int, str], ...]


def holidays_during(
    session: Session, site_id: int, revision: int, window: Interval, zone: ZoneInfo
) -> frozenset[date]:
    """Return the holidays among the local days that the window touches.

    Costs no query while the site's revision stands.
    """
    days = local_time.days_touched(window, zone)
    found = frozenset[date]().union(
        *(
            _of_year(session, site_id, revision, year)
            for year in range(days[0].year, days[-1].year + 1)
        )
    )
    return frozenset(day for day in found if days[0] <= day <= days[-1])


def holidays_of(settings: HolidaySettings, years: Iterable[int]) -> frozenset[date]:
    """Return the holidays of these years."""
    return frozenset(day for year in years for day in named(settings, year))


def named(settings: HolidaySettings, year: int) -> dict[date, str]:
    """Return the holidays of a year in order, with their names as the country says them."""
    found = dict(_of_country(settings.country, settings.subdivision, year))
    for month, day, name in settings.local:
        try:
            found.setdefault(date(year, month, day), name)
        except ValueError:  # 29 February
            continue
    return dict(sorted(found.items()))


def settings_of(session: Session, site_id: int, revision: int) -> HolidaySettings:
    """Return the site's settings; costs no query while its revision stands."""

    def read() -> HolidaySettings:
        row = session.execute(
            select(Site.country, Site.subdivision, Site.local_holidays).where(Site.id == site_id)
        ).one()
        return HolidaySettings(row[0], row[1], local_days(row[2]))

    return remembered(session, ("holiday settings", site_id, revision), read)


def local_days(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return month, day and name of each line; raises `Invalid` naming the first wrong one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_LOCAL:
        raise Invalid.field("local_holidays", "holidays.too-many", most=MOST_LOCAL)
    return tuple(_local_day(line) for line in lines)


def check(country: str, subdivision: str, local: str) -> None:
    """Raise `Invalid` for a country, region or line that is not known; no country is fine."""
    known = countries()
    if country and country not in known:
        raise Invalid.field("country", "field.not-offered", value=country)
    if subdivision and subdivision not in known.get(country, ()):
        raise Invalid.field("subdivision", "field.not-offered", value=subdivision)
    local_days(local)


@lru_cache(maxsize=1)
def countries() -> Mapping[str, frozenset[str]]:
    """Return the codes of the countries whose holidays are known, with those of their regions."""
    import holidays  # noqa: PLC0415 - takes a moment, and most processes never need it

    supported = holidays.list_supported_countries(include_aliases=False)
    return {code: frozenset(regions) for code, regions in supported.items()}


@lru_cache(maxsize=512)
def _of_country(country: str, subdivision: str, year: int) -> Mapping[date, str]:
    if not country:
        return MappingProxyType({})
    import holidays  # noqa: PLC0415

    # A newer library may have given up a region that a site was saved with.
    region = subdivision if subdivision in countries().get(country, ()) else None
    language = holidays.country_holidays(country).default_language
    said = holidays.country_holidays(country, subdiv=region, years=year, language=language)
    return MappingProxyType({day: name for day, name in said.items() if day.year == year})


def _of_year(session: Session, site_id: int, revision: int, year: int) -> frozenset[date]:
    return remembered(
        session,
        ("holidays", site_id, revision, year),
        lambda: holidays_of(settings_of(session, site_id, revision), [year]),
    )


def _local_day(line: str) -> tuple[int, int, str]:
    read = _LINE.fullmatch(line)
    try:
        day = date(LEAP_YEAR, int(read[1]), int(read[2])) if read else None
    except ValueError:
        day = None
    if read is None or day is None or len(read[3] or "") > LONGEST_NAME:
        raise Invalid.field("local_holidays", "holidays.unreadable", line=line[:60])
    return day.month, day.day, (read[3] or "").strip()
