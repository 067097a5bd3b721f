"""Labs that are our own sites: machines come from the inventory, free hours from the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.closures import queries as closures
from labops.domain.machines.models import Machine
from labops.domain.machines.states import MachineState
from labops.domain.sites import queries as sites
from labops.domain.sites.models import OpeningHours
from labops.kernel import ledger
from labops.kernel.interval import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMachine:
    """A machine of the inventory; lengths in mm."""

    id: int
    slug: str
    name: str
    maker: str
    model: str
    process: str
    width_mm: float | None
    depth_mm: float | None
    height_mm: float | None
    materials: Sequence[str]
    capacity: int
    state: str
    revised_on: date


def machines_of_sites(session: Session, site_ids: Sequence[int]) -> dict[int, list[SiteMachine]]:
    """Return by site the machines that were not retired."""
    found: dict[int, list[SiteMachine]] = defaultdict(list)
    machines = session.scalars(
        select(Machine)
        .where(Machine.site_id.in_(site_ids), Machine.state != MachineState.RETIRED)
        .order_by(Machine.name, Machine.id)
    )
    for machine in machines:
        found[machine.site_id].append(
            SiteMachine(
                id=machine.id,
                slug=machine.slug,
                name=machine.name,
                maker=machine.maker,
                model=machine.model,
                process=machine.process,
                width_mm=machine.width_mm,
                depth_mm=machine.depth_mm,
                height_mm=machine.height_mm,
                materials=machine.materials,
                capacity=machine.capacity,
                state=machine.state,
                revised_on=machine.revised_at.date(),
            )
        )
    return found


def hours_of_sites(
    session: Session, site_ids: Sequence[int]
) -> dict[int, list[tuple[int, int, int]]]:
    """Return by site the weekly opening spans."""
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for row in session.execute(
        select(
            OpeningHours.site_id,
            OpeningHours.weekday,
            OpeningHours.opens_minute,
            OpeningHours.closes_minute,
        )
        .where(OpeningHours.site_id.in_(site_ids))
        .order_by(OpeningHours.weekday, OpeningHours.opens_minute)
    ):
        found[row[0]].append((row[1], row[2], row[3]))
    return found


def free_time(
    session: Session, site_id: int, process: str, until: datetime, *, now: datetime
) -> timedelta:
    """Return how much time is free, before `until`, on the site's machines of a process.

    Counted is open time of machines in service, for each of their units, that nobody claims.
    """
    window = Interval(now, until)
    site = sites.by_id(session, site_id)
    machines = [
        machine
        for machine in machines_of_sites(session, [site_id])[site_id]
        if machine.process == process and machine.state == MachineState.IN_SERVICE
    ]
    spans = closures.open_during(
        session, site_id, window, revision=site.revision, zone=site.tz, space_id=None
    )
    claimed = ledger.busy(session, [machine.id for machine in machines], window)
    free = timedelta()
    for span in spans:
        inside = _common(span, window)
        for machine in machines:
            free += machine.capacity * inside
            free -= sum((_common(busy, span, window) for busy in claimed[machine.id]), timedelta())
    return max(free, timedelta())


def _common(*spans: Interval) -> timedelta:
    """Return how long all of the spans run at once."""
    starts_at = max(span.starts_at for span in spans)
    ends_at = min(span.ends_at for span in spans)
    return max(ends_at - starts_at, timedelta())
