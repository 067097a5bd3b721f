"""Reads of the numbers: as many queries for a year as for a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.machines.models import Machine
from labops.domain.memberships.models import Membership
from labops.domain.numbers import policies, rows
from labops.domain.numbers.policies import Booked, MachineNumbers
from labops.domain.people.models import Person
from labops.domain.sites import queries as sites
from labops.domain.sites.queries import SiteView
from labops.kernel import local_time
from labops.kernel.interval import Interval
from labops.kernel.permissions import Actor, Permission

SEEN_BY = Permission.BOOKING_SEE_NAMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Which numbers are asked for: local days of each site, both included; `None` is every one."""

    first: date
    last: date
    site_ids: tuple[int, ...]
    machine_id: int | None = None

    def at(self, site: SiteView) -> Interval:
        """Return the days as instants, by the clock on the wall of the site."""
        start = local_time.local_day(self.first, site.tz).starts_at
        return Interval(start, local_time.local_day(self.last, site.tz).ends_at)


@dataclass(frozen=True, slots=True)
class MachineName:
    """A machine as the numbers show it."""

    id: int
    slug: str
    name: str
    site_id: int
    capacity: int
    space_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What a period comes to. `heat` is time of use by weekday and hour of the wall's clock."""

    machines: tuple[tuple[MachineName, MachineNumbers], ...]
    heat: dict[tuple[int, int], timedelta]
    active_members: int
    members: int
    visitors: int

    @property
    def total(self) -> MachineNumbers:
        """Return all machines in one."""
        parts = [numbers for _name, numbers in self.machines]
        zero = timedelta(0)
        return MachineNumbers(
            machine_id=0,
            bookings=sum(one.bookings for one in parts),
            missed=sum(one.missed for one in parts),
            walk_ins=sum(one.walk_ins for one in parts),
            used=sum((one.used for one in parts), zero),
            used_while_open=sum((one.used_while_open for one in parts), zero),
            open=sum((one.open for one in parts), zero),
        )


@dataclass(frozen=True, slots=True)
class Record:
    """One booking of one machine behind a number, with the time that it was in use."""

    booking: Booked
    machine: str
    zone: str
    used: Interval | None
    counted: bool


def seen_sites(session: Session, actor: Actor) -> list[SiteView]:
    """Return the sites whose numbers the actor may see, by name."""
    allowed = actor.sites_where(SEEN_BY)
    return [
        sites.by_id(session, site.id)
        for site in sites.all_sites(session)
        if allowed is None or site.id in allowed
    ]


def machines_of(session: Session, site_ids: Sequence[int]) -> list[MachineName]:
    """Return the machines of the sites, by name, retired ones too: they have a past."""
    found = session.execute(
        select(
            Machine.id,
            Machine.slug,
            Machine.name,
            Machine.site_id,
            Machine.capacity,
            Machine.space_id,
        )
        .where(Machine.site_id.in_(list(site_ids)))
        .order_by(Machine.name, Machine.id)
    )
    return [MachineName(*row) for row in found]


def of_period(
    session: Session, period: Period, places: Sequence[SiteView], *, actor: Actor, now: datetime
) -> Numbers:
    """Return the numbers of the sites; raises `Forbidden` where the actor may not see them."""
    chosen = _chosen(places, period, actor)
    names = [
        one
        for one in machines_of(session, [site.id for site in chosen])
        if period.machine_id in {None, one.id}
    ]
    lines: list[tuple[MachineName, MachineNumbers]] = []
    heat: dict[tuple[int, int], timedelta] = {}
    active: set[int] = set()
    members: set[int] = set()
    visitors: set[int] = set()
    for site in chosen:
        span = period.at(site)
        booked = rows.booked_in(session, site, span, period.machine_id)
        lines += _lines(session, site, span, names, booked, now=now)
        used = [(one, policies.clipped(one.used(now=now), span)) for one in booked]
        pieces = policies.by_hour([part for _one, part in used if part], site.tz)
        for cell, length in pieces.items():
            heat[cell] = heat.get(cell, timedelta(0)) + length
        came = rows.visitors_in(session, site, span)
        visitors |= came
        belong = rows.members_in(session, site, period.first, period.last)
        members |= belong
        active |= belong & (came | {one.person_id for one, part in used if part})
    return Numbers(
        machines=tuple(sorted(lines, key=lambda pair: (pair[0].name.casefold(), pair[0].id))),
        heat=heat,
        active_members=len(active),
        members=len(members),
        visitors=len(visitors),
    )


def records(
    session: Session, period: Period, places: Sequence[SiteView], *, actor: Actor, now: datetime
) -> list[Record]:
    """Return every booking that the numbers of the period look at, by start."""
    found: list[tuple[SiteView, Booked]] = []
    for site in _chosen(places, period, actor):
        span = period.at(site)
        found += [(site, one) for one in rows.booked_in(session, site, span, period.machine_id)]
    names = {one.id: one.name for one in machines_of(session, [site.id for site in places])}
    return [
        Record(
            one,
            names.get(one.machine_id, ""),
            site.zone,
            policies.clipped(one.used(now=now), period.at(site)),
            counted=policies.in_period(one, period.at(site)),
        )
        for site, one in sorted(found, key=lambda pair: (pair[1].starts_at, pair[1].uid))
    ]


def members(
    session: Session, period: Period, places: Sequence[SiteView], *, actor: Actor, now: datetime
) -> list[tuple[str, str]]:
    """Return the active members behind their number, as uid and name, by name."""
    active: set[int] = set()
    for site in _chosen(places, period, actor):
        span = period.at(site)
        came = rows.visitors_in(session, site, span)
        booked = rows.booked_in(session, site, span, period.machine_id)
        came |= {o.person_id for o in booked if policies.clipped(o.used(now=now), span)}
        active |= came & rows.members_in(session, site, period.first, period.last)
    found = session.execute(
        select(Person.id, Person.uid, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.site_id.in_(period.site_ids))
        .distinct()
        .order_by(Person.name, Person.id)
    )
    return [(row.uid, row.name) for row in found if row.id in active]


def _lines(
    session: Session,
    site: SiteView,
    span: Interval,
    names: Sequence[MachineName],
    booked: Sequence[Booked],
    *,
    now: datetime,
) -> list[tuple[MachineName, MachineNumbers]]:
    """Return the numbers of each of these machines that stands at the site."""
    opening = rows.opening_of(session, site, span)
    by_machine: dict[int, list[Booked]] = {}
    for one in booked:
        by_machine.setdefault(one.machine_id, []).append(one)
    return [
        (
            name,
            policies.of_machine(
                name.id,
                by_machine.get(name.id, ()),
                opening.of_space(name.space_id),
                span,
                capacity=name.capacity,
                now=now,
            ),
        )
        for name in names
        if name.site_id == site.id
    ]


def _chosen(places: Sequence[SiteView], period: Period, actor: Actor) -> list[SiteView]:
    for site_id in period.site_ids:
        actor.require(SEEN_BY, site_id)
    return [site for site in places if site.id in period.site_ids]
