"""Reads of what comes round on machines, what was done, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, BookingBookable
from labops.domain.bookings.states import BookingState
from labops.domain.incidents import queries as incidents
from labops.domain.maintenance.coming_round import RANK, Round, Standing
from labops.domain.maintenance.figures import Dependability, dependability
from labops.domain.maintenance.models import (
    MaintenancePlan,
    MaintenanceTask,
    MaintenanceTaskPart,
)
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable
from labops.kernel import local_time
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval

MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """Work that comes round, and how it stands now. `due_at` is `None` when only hours count."""

    id: int
    uid: str
    site_id: int
    machine_id: int
    machine: str
    machine_name: str
    title: str
    every_months: int | None
    every_hours: int | None
    minutes: int
    steps: tuple[str, ...]
    done_at: datetime
    used: timedelta
    due_at: datetime | None
    standing: Standing
    told: str
    retired: bool

    @property
    def hours_left(self) -> float | None:
        """Return for how many more hours of use it can wait; `None` when only months count."""
        if self.every_hours is None:
            return None
        return self.every_hours - self.used / timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """Work that was done; `cost` in euro is without the parts, `parts_cost` is that of them."""

    uid: str
    machine_id: int
    title: str
    note: str
    done_steps: tuple[str, ...]
    minutes: int
    cost: Decimal
    parts_cost: Decimal
    photo: str
    done_at: datetime
    who: str


def of_site(session: Session, site_id: int, *, now: datetime) -> list[PlanView]:
    """Return the running plans of a site, most urgent first."""
    return _plans(session, MaintenancePlan.site_id == site_id, now=now)


def of_machine(session: Session, machine_id: int, *, now: datetime) -> list[PlanView]:
    """Return the running plans of a machine, most urgent first."""
    return _plans(session, MaintenancePlan.machine_id == machine_id, now=now)


def everywhere(session: Session, *, now: datetime) -> list[PlanView]:
    """Return the running plans of all sites, most urgent first."""
    return _plans(session, now=now)


def one(session: Session, uid: str, *, now: datetime) -> PlanView:
    """Return one running plan; raises `NotFound`."""
    found = _plans(session, MaintenancePlan.uid == uid, now=now)
    if not found:
        raise NotFound
    return found[0]


def used_since(session: Session, machine_id: int, since: datetime, *, now: datetime) -> timedelta:
    """Return for how long people used the machine since then: from check-in to finish.

    Several at once on a machine of several units each count. A use that runs counts until now.
    """
    rows = session.execute(
        select(Booking.checked_in_at, Booking.finished_at)
        .join(BookingBookable, BookingBookable.booking_id == Booking.id)
        .where(
            BookingBookable.bookable_id == machine_id,
            Booking.state.in_([BookingState.CHECKED_IN, BookingState.FINISHED]),
            Booking.ends_at > since,
            Booking.checked_in_at.is_not(None),
        )
    )
    spans = ((max(start, since), min(end or now, now)) for start, end in rows if start is not None)
    return sum((end - start for start, end in spans if end > start), timedelta(0))


def tasks_of_machine(session: Session, machine_id: int) -> list[TaskView]:
    """Return what was done on the machine, latest first."""
    costs = session.execute(
        select(
            MaintenanceTaskPart.task_id,
            func.sum(MaintenanceTaskPart.count * MaintenanceTaskPart.price),
        )
        .join(MaintenanceTask, MaintenanceTask.id == MaintenanceTaskPart.task_id)
        .where(MaintenanceTask.machine_id == machine_id)
        .group_by(MaintenanceTaskPart.task_id)
    )
    parts = {row[0]: row[1] for row in costs}
    rows = session.execute(
        select(MaintenanceTask, Person.name)
        .join(Person, Person.id == MaintenanceTask.person_id)
        .where(MaintenanceTask.machine_id == machine_id)
        .order_by(MaintenanceTask.done_at.desc(), MaintenanceTask.id.desc())
        .limit(MOST)
    )
    return [
        TaskView(
            uid=row.uid,
            machine_id=row.machine_id,
            title=row.title,
            note=row.note,
            done_steps=tuple(row.done_steps.splitlines()),
            minutes=row.minutes,
            cost=row.cost,
            parts_cost=Decimal(parts.get(row.id) or 0),
            photo=row.photo,
            done_at=row.done_at,
            who=who,
        )
        for row, who in rows
    ]


def task(session: Session, uid: str) -> tuple[int, str]:
    """Return the machine's id and the photo of a task; raises `NotFound`."""
    row = session.execute(
        select(MaintenanceTask.machine_id, MaintenanceTask.photo).where(MaintenanceTask.uid == uid)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row.machine_id, row.photo


def dependability_of(
    session: Session, machine_id: int, period: Interval, *, now: datetime
) -> Dependability:
    """Return availability and mean time between failures of a machine in a period until now.

    It is down from the report of a fault that stops to its solution.
    """
    until = max(min(period.ends_at, now), period.starts_at + timedelta(seconds=1))
    period = Interval(period.starts_at, until)
    return dependability(incidents.stops_of(session, machine_id, period, now=now), period)


def _plans(session: Session, *conditions: ColumnElement[bool], now: datetime) -> list[PlanView]:
    rows = session.execute(
        select(MaintenancePlan, Bookable.slug, Bookable.name, Site.zone)
        .join(Bookable, Bookable.id == MaintenancePlan.machine_id)
        .join(Site, Site.id == MaintenancePlan.site_id)
        .where(MaintenancePlan.retired_at.is_(None), *conditions)
        .order_by(MaintenancePlan.id)
        .execution_options(populate_existing=True)
    ).all()
    found = [_view(session, row, slug, name, zone, now) for row, slug, name, zone in rows]
    return sorted(found, key=lambda one: (-RANK[one.standing], one.due_at or now, one.id))


def _view(
    session: Session, row: MaintenancePlan, slug: str, name: str, zone: str, now: datetime
) -> PlanView:
    used = timedelta(0)
    if row.every_hours is not None:
        used = used_since(session, row.machine_id, row.done_at, now=now)
    due = Round(
        every_months=row.every_months,
        every_hours=row.every_hours,
        done_at=row.done_at,
        used=used,
    )
    tz = local_time.zone(zone)
    return PlanView(
        id=row.id,
        uid=row.uid,
        site_id=row.site_id,
        machine_id=row.machine_id,
        machine=slug,
        machine_name=name,
        title=row.title,
        every_months=row.every_months,
        every_hours=row.every_hours,
        minutes=row.minutes,
        steps=tuple(row.checklist.splitlines()),
        done_at=row.done_at,
        used=used,
        due_at=due.due_at(tz),
        standing=due.standing(tz, now=now),
        told=row.told,
        retired=row.retired_at is not None,
    )
