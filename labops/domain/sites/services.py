"""Use cases of sites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from labops.domain.sites import holidays
from labops.domain.sites.models import OpeningHours, Site
from labops.kernel import audit, local_time
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Actor, Permission

MOST_PEOPLE = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One weekly opening: weekday (Monday is 0), opening and closing minute of the local day."""

    weekday: int
    opens_minute: int
    closes_minute: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeSite:
    """What a site says of itself."""

    slug: str
    name: str
    address: str
    city: str
    zone: str = "Europe/Rome"
    email: str = ""
    phone: str = ""
    description_it: str = ""
    description_en: str = ""
    latitude: float | None = None
    longitude: float | None = None
    country: str = "IT"
    subdivision: str = ""
    local_holidays: str = ""
    people_capacity: int | None = None


def describe_site(site_id: int, command: DescribeSite, *, actor: Actor, now: datetime) -> None:
    """Change what a site says of itself; its slug stays, since addresses and labels carry it."""
    actor.require(Permission.SITE_EDIT, site_id)
    with unit_of_work() as session:
        site = session.get(Site, site_id)
        if site is None:
            raise NotFound
        before = {"name": site.name, "address": site.address}
        _write(site, command)
        site.revision += 1
        audit.record(
            session,
            actor,
            "site.described",
            f"site:{site.slug}",
            now=now,
            before=before,
            after={"name": site.name, "address": site.address},
        )


def add_site(session: Session, command: DescribeSite, *, actor: Actor, now: datetime) -> Site:
    """Add a site inside the caller's transaction; raises `Invalid` for an unknown zone."""
    site = Site(slug=command.slug, revision=1)
    _write(site, command)
    session.add(site)
    session.flush()  # its id is needed for everything inside it
    audit.record(session, actor, "site.added", f"site:{site.slug}", now=now)
    return site


def set_opening_hours(site_id: int, spans: list[Span], *, actor: Actor, now: datetime) -> None:
    """Put new weekly hours in force; raises `Invalid` for spans that are wrong or overlap."""
    actor.require(Permission.SITE_EDIT, site_id)
    with unit_of_work() as session:
        replace_hours(session, site_id, spans, actor=actor, now=now)


def replace_hours(
    session: Session, site_id: int, spans: list[Span], *, actor: Actor, now: datetime
) -> None:
    """Replace the hours inside the caller's transaction."""
    _check(spans)
    site = session.get(Site, site_id)
    if site is None:
        raise NotFound
    before = [
        [row.weekday, row.opens_minute, row.closes_minute]
        for row in session.scalars(select(OpeningHours).where(OpeningHours.site_id == site_id))
    ]
    session.execute(delete(OpeningHours).where(OpeningHours.site_id == site_id))
    for span in spans:
        session.add(
            OpeningHours(
                site_id=site_id,
                weekday=span.weekday,
                opens_minute=span.opens_minute,
                closes_minute=span.closes_minute,
            )
        )
    site.revision += 1
    audit.record(
        session,
        actor,
        "site.hours-set",
        f"site:{site.slug}",
        now=now,
        before={"hours": before},
        after={"hours": [[s.weekday, s.opens_minute, s.closes_minute] for s in spans]},
    )


def _check(spans: list[Span]) -> None:
    for span in spans:
        if not (0 <= span.weekday <= 6 and 0 <= span.opens_minute < span.closes_minute <= 2880):  # noqa: PLR2004
            raise Invalid.field("hours", "hours.wrong-span")
    ordered = sorted(spans, key=lambda span: (span.weekday, span.opens_minute))
    for earlier, later in pairwise(ordered):
        if earlier.weekday == later.weekday and later.opens_minute < earlier.closes_minute:
            raise Invalid.field("hours", "hours.overlap")


def _write(site: Site, command: DescribeSite) -> None:
    try:
        local_time.zone(command.zone)
    except ValueError as error:
        raise Invalid.field("zone", "field.not-offered") from error
    if not command.name.strip():
        raise Invalid.field("name", "field.required")
    if command.people_capacity is not None and not 1 <= command.people_capacity <= MOST_PEOPLE:
        raise Invalid.field("people_capacity", "field.out-of-range", lowest=1, highest=MOST_PEOPLE)
    holidays.check(command.country, command.subdivision, command.local_holidays)
    for name in (
        "name",
        "address",
        "city",
        "zone",
        "email",
        "phone",
        "description_it",
        "description_en",
        "latitude",
        "longitude",
        "country",
        "subdivision",
        "local_holidays",
        "people_capacity",
    ):
        setattr(site, name, getattr(command, name))
