"""Reads of sites and of when they are open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from labops.domain.sites.models import OpeningHours, Site
from labops.kernel import local_time
from labops.kernel.db import remembered
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval, merged


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Opening hours by weekday (Monday is 0): opening and closing minute in local time."""

    spans: tuple[tuple[int, int, int], ...]

    def of_day(self, day: date) -> list[tuple[int, int]]:
        """Return the opening and closing minutes of the day, in order."""
        weekday = day.weekday()
        return [(opens, closes) for on, opens, closes in self.spans if on == weekday]

    def open_during(self, window: Interval, zone: ZoneInfo) -> tuple[Interval, ...]:
        """Return the opening spans that reach into the window, whole, joined where they touch."""
        days = local_time.days_touched(window, zone)
        # The day before may stay open past midnight; the day after may open right at midnight.
        around = (days[0] - timedelta(days=1), *days, days[-1] + timedelta(days=1))
        spans = []
        for day in around:
            for opens, closes in self.of_day(day):
                start = local_time.at_minute(day, opens, zone)
                end = local_time.at_minute(day, closes, zone)
                if start < end:
                    spans.append(Interval(start, end))
        return tuple(span for span in merged(spans) if span.overlaps(window))


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteView:
    """What a site says of itself."""

    id: int
    slug: str
    name: str
    address: str
    city: str
    zone: str
    latitude: float | None
    longitude: float | None
    email: str
    phone: str
    description_it: str
    description_en: str
    country: str
    subdivision: str
    local_holidays: str
    people_capacity: int | None
    revision: int

    @property
    def tz(self) -> ZoneInfo:
        """Return the site's time zone."""
        return local_time.zone(self.zone)

    def description(self, language: str) -> str:
        """Return its description in the language, or in the other when there is none."""
        if language == "it":
            return self.description_it or self.description_en
        return self.description_en or self.description_it


def weekly_hours(session: Session, site_id: int, revision: int) -> WeeklyHours:
    """Return the site's hours; costs no query while the site's revision stands."""

    def read() -> WeeklyHours:
        rows = session.execute(
            select(OpeningHours.weekday, OpeningHours.opens_minute, OpeningHours.closes_minute)
            .where(OpeningHours.site_id == site_id)
            .order_by(OpeningHours.weekday, OpeningHours.opens_minute)
        )
        return WeeklyHours(tuple((row[0], row[1], row[2]) for row in rows))

    return remembered(session, ("weekly hours", site_id, revision), read)


def all_sites(session: Session) -> list[Site]:
    """Return every site by name."""
    return list(session.scalars(select(Site).order_by(Site.name)))


def find_site(session: Session, slug: str) -> Site | None:
    """Return the site of that slug."""
    return session.scalar(select(Site).where(Site.slug == slug))


def by_slug(session: Session, slug: str) -> SiteView:
    """Return one site; raises `NotFound`."""
    return _one(session, Site.slug == slug)


def by_id(session: Session, site_id: int) -> SiteView:
    """Return the site of that number; raises `NotFound`."""
    return _one(session, Site.id == site_id)


def names(session: Session, site_ids: Iterable[int]) -> dict[int, str]:
    """Return the names of the sites by id."""
    rows = session.execute(select(Site.id, Site.name).where(Site.id.in_(list(site_ids))))
    return {row[0]: row[1] for row in rows}


def _one(session: Session, condition: ColumnElement[bool]) -> SiteView:
    names = [field.name for field in fields(SiteView)]
    columns = (getattr(Site, name) for name in names)
    row = session.execute(select(*columns).where(condition)).one_or_none()
    if row is None:
        raise NotFound
    return SiteView(**row._mapping)
