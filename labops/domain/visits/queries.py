"""Who is in, how many, and what was unusual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from labops.domain.people.ages import is_minor
from labops.domain.people.models import Person, Profile
from labops.domain.sites.queries import SiteView
from labops.domain.spaces.models import Space
from labops.domain.stations.models import Scan, Station
from labops.domain.visits import staying
from labops.domain.visits.models import Visit
from labops.kernel import instance
from labops.kernel.text import one_line

# Whoever is in for so long has probably forgotten to check out.
UNUSUALLY_LONG = timedelta(hours=12)
_LOOKED_BACK = timedelta(days=1)
MOST_FOUND = 12
MOST_COUNTED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """One visit as the list of who is in shows it: a person, or guests with their host.

    `phone` is a number to call, `emergency` whom to tell, both as far as they are known.
    """

    id: int
    uid: str
    person_uid: str
    name: str
    names: tuple[str, ...]
    host: str
    people_count: int
    minor: bool
    guest: bool
    since: datetime
    ends_at: datetime | None
    space: str
    last_seen: str
    phone: str
    emergency: str
    over_capacity: bool
    auto_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceCount:
    """How many are in a space, and how many may be."""

    slug: str
    name: str
    count: int
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """How many are in at a site, guests included, and how many may be."""

    count: int
    capacity: int | None
    spaces: tuple[SpaceCount, ...]

    @property
    def full(self) -> bool:
        """Say whether nobody else may come in."""
        return self.capacity is not None and self.count >= self.capacity


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """Somebody whom staff may let in by name."""

    uid: str
    name: str
    inside: str


def inside(session: Session, site: SiteView, *, now: datetime) -> list[Inside]:
    """Return everybody who is in: minors and guests first, then by name."""
    found = _views(session, site, now, Visit.site_id == site.id, Visit.ends_at.is_(None))
    return sorted(found, key=_in_order)


def of_roll_call(
    session: Session, site: SiteView, *, started_at: datetime, until: datetime
) -> list[Inside]:
    """Return everybody who was in when the roll call was begun, or came in before it ended."""
    found = _views(
        session,
        site,
        started_at,
        Visit.site_id == site.id,
        Visit.starts_at <= until,
        or_(Visit.ends_at.is_(None), Visit.ends_at > started_at),
    )
    return sorted(found, key=_in_order)


def unusual(session: Session, site: SiteView, *, now: datetime) -> list[Inside]:
    """Return the visits of the last day that somebody should look at.

    Those are recorded over capacity, those that nobody ended, and those that last very long.
    """
    return _views(
        session,
        site,
        now,
        Visit.site_id == site.id,
        or_(
            (Visit.starts_at > now - _LOOKED_BACK)
            & or_(Visit.over_capacity.is_(True), Visit.auto_closed.is_(True)),
            Visit.ends_at.is_(None) & (Visit.starts_at < now - UNUSUALLY_LONG),
        ),
    )


def occupancy(session: Session, site: SiteView) -> Occupancy:
    """Return how full the site and its spaces are."""
    counts = (
        select(Visit.space_id, func.sum(Visit.people_count).label("people"))
        .where(Visit.site_id == site.id, Visit.ends_at.is_(None), Visit.space_id.is_not(None))
        .group_by(Visit.space_id)
        .subquery()
    )
    rows = session.execute(
        select(Space.slug, Space.name, Space.people_capacity, counts.c.people)
        .outerjoin(counts, counts.c.space_id == Space.id)
        .where(Space.site_id == site.id)
        .order_by(Space.name)
    )
    return Occupancy(
        count=staying.inside_count(session, site.id),
        capacity=site.people_capacity,
        spaces=tuple(
            SpaceCount(
                slug=row.slug,
                name=row.name,
                count=int(row.people or 0),
                capacity=row.people_capacity,
            )
            for row in rows
        ),
    )


def own_visit(session: Session, person_id: int) -> tuple[int, datetime, str] | None:
    """Return the site, the beginning and the uid of the visit that the person is on."""
    row = session.execute(
        select(Visit.site_id, Visit.starts_at, Visit.uid).where(
            Visit.person_id == person_id, Visit.ends_at.is_(None)
        )
    ).one_or_none()
    return (row.site_id, row.starts_at, row.uid) if row else None


def found_by_name(session: Session, site: SiteView, text: str) -> list[FoundPerson]:
    """Return people whose name holds every word that was typed, with since when they are in."""
    words = one_line(text).lower().split()[:5]
    if not words:
        return []
    query = (
        select(Person.uid, Person.name, Visit.uid.label("visit"))
        .outerjoin(
            Visit,
            (Visit.person_id == Person.id) & Visit.ends_at.is_(None) & (Visit.site_id == site.id),
        )
        .where(*(func.lower(Person.name).contains(word, autoescape=True) for word in words))
        .order_by(Person.name, Person.id)
        .limit(MOST_FOUND)
    )
    return [FoundPerson(row.uid, row.name, row.visit or "") for row in session.execute(query)]


def pass_key(session: Session) -> str:
    """Return the secret behind passes, for whoever draws them."""
    return instance.pass_key(session)


def _in_order(one: Inside) -> tuple[bool, bool, str]:
    return (not one.minor, not one.guest, one.name.casefold())


def _views(
    session: Session, site: SiteView, now: datetime, *conditions: ColumnElement[bool]
) -> list[Inside]:
    host = aliased(Person)
    rows = session.execute(
        select(
            Visit,
            Person.uid.label("person_uid"),
            Person.name,
            Person.born_on,
            host.name.label("host"),
            Profile.phone,
            Profile.emergency_name,
            Profile.emergency_phone,
            Space.name.label("space"),
        )
        .outerjoin(Person, Person.id == Visit.person_id)
        .outerjoin(host, host.id == Visit.host_id)
        .outerjoin(Profile, Profile.person_id == func.coalesce(Visit.person_id, Visit.host_id))
        .outerjoin(Space, Space.id == Visit.space_id)
        .where(*conditions)
        .order_by(Visit.starts_at, Visit.id)
    ).all()
    seen = _last_seen(session, [row.Visit.id for row in rows])
    day = now.astimezone(site.tz).date()
    return [_view(row, seen.get(row.Visit.id, ""), day) for row in rows]


def _view(row: Any, last_seen: str, day: date) -> Inside:
    visit = row.Visit
    return Inside(
        id=visit.id,
        uid=visit.uid,
        person_uid=row.person_uid or "",
        name=row.name or visit.guest_name or "–",
        names=tuple(visit.names),
        host=row.host or "",
        people_count=visit.people_count,
        minor=visit.minors or is_minor(row.born_on, day),
        guest=visit.person_id is None,
        since=visit.starts_at,
        ends_at=visit.ends_at,
        space=row.space or "",
        last_seen=last_seen,
        phone=row.phone or "",
        emergency=" ".join(one for one in (row.emergency_name, row.emergency_phone) if one),
        over_capacity=visit.over_capacity,
        auto_closed=visit.auto_closed,
    )


def _last_seen(session: Session, visit_ids: Sequence[int]) -> dict[int, str]:
    """Return the station at which each visit was scanned last."""
    if not visit_ids:
        return {}
    newest = (
        select(Scan.visit_id, func.max(Scan.id).label("id"))
        .where(Scan.visit_id.in_(visit_ids), Scan.station_id.is_not(None))
        .group_by(Scan.visit_id)
        .subquery()
    )
    rows = session.execute(
        select(newest.c.visit_id, Station.name)
        .join(Scan, Scan.id == newest.c.id)
        .join(Station, Station.id == Scan.station_id)
    )
    return {row.visit_id: row.name for row in rows}
