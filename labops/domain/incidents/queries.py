"""Reads of incidents."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from labops.domain.incidents.models import HarmRecord, Incident, IncidentEcho
from labops.domain.incidents.states import Severity
from labops.domain.people.models import Person
from labops.domain.spaces.models import Bookable
from labops.kernel.errors import NotFound
from labops.kernel.interval import Interval

MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentView:
    """One report; `reporter` is for staff only, `duplicate_of` the uid of the first of its kind."""

    uid: str
    site_id: int
    machine: str
    machine_name: str
    machine_id: int
    reporter: str
    severity: Severity
    text: str
    photo: str
    reported_at: datetime
    solved_at: datetime | None
    solution: str
    duplicate_of: str | None
    reporter_id: int
    echo_count: int


def open_for_machine(session: Session, machine_id: int) -> list[IncidentView]:
    """Return the faults of a machine that nobody has solved, latest first, without duplicates."""
    return _views(
        session,
        Incident.machine_id == machine_id,
        Incident.solved_at.is_(None),
        Incident.duplicate_of_id.is_(None),
    )


def of_site(session: Session, site_id: int, *, solved: bool = False) -> list[IncidentView]:
    """Return the reports of a site, those open or those solved, latest first."""
    state = Incident.solved_at.is_not(None) if solved else Incident.solved_at.is_(None)
    return _views(session, Incident.site_id == site_id, state)


def one(session: Session, uid: str) -> IncidentView:
    """Return one report; raises `NotFound`."""
    found = _views(session, Incident.uid == uid)
    if not found:
        raise NotFound
    return found[0]


def stops_of(
    session: Session, machine_id: int, period: Interval, *, now: datetime
) -> list[Interval]:
    """Return the spans of the period during which a fault stopped the machine, by start."""
    return stops_by_machine(session, [machine_id], period, now=now).get(machine_id, [])


def stops_by_machine(
    session: Session, machine_ids: Collection[int], period: Interval, *, now: datetime
) -> dict[int, list[Interval]]:
    """Return the same for several machines at once, by their ids; those without any are missing."""
    found: dict[int, list[Interval]] = {}
    for machine_id, start, end in session.execute(
        select(Incident.machine_id, Incident.reported_at, Incident.solved_at)
        .where(
            Incident.machine_id.in_(machine_ids),
            Incident.severity == Severity.STOPS,
            Incident.reported_at < period.ends_at,
            or_(Incident.solved_at.is_(None), Incident.solved_at > period.starts_at),
        )
        .order_by(Incident.reported_at, Incident.id)
    ):
        if (until := end or now) > start:
            found.setdefault(machine_id, []).append(Interval(start, until))
    return found


def interested(session: Session, uid: str) -> list[int]:
    """Return the ids of the persons who reported the fault or met it too."""
    incident = session.execute(
        select(Incident.id, Incident.reporter_id).where(Incident.uid == uid)
    ).one_or_none()
    if incident is None:
        return []
    echoes = session.scalars(
        select(IncidentEcho.person_id)
        .where(IncidentEcho.incident_id == incident.id)
        .order_by(IncidentEcho.person_id)
    )
    return list(dict.fromkeys([incident.reporter_id, *echoes]))


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmView:
    """What happened to somebody, for the few who may read it."""

    uid: str
    site_id: int
    machine_name: str
    reporter: str
    text: str
    happened_at: datetime
    reported_at: datetime


def harm_of_site(session: Session, site_id: int) -> list[HarmView]:
    """Return the records of harm at a site, latest first."""
    return _harm(session, HarmRecord.site_id == site_id)


def one_harm(session: Session, uid: str) -> HarmView:
    """Return one record of harm; raises `NotFound`. Whoever shows it writes the look down."""
    found = _harm(session, HarmRecord.uid == uid)
    if not found:
        raise NotFound
    return found[0]


def _harm(session: Session, condition: ColumnElement[bool]) -> list[HarmView]:
    query = (
        select(HarmRecord, Bookable.name, Person.name)
        .outerjoin(Bookable, Bookable.id == HarmRecord.machine_id)
        .join(Person, Person.id == HarmRecord.reporter_id)
        .where(condition)
        .order_by(HarmRecord.happened_at.desc(), HarmRecord.id.desc())
        .limit(MOST)
    )
    return [
        HarmView(
            uid=row.uid,
            site_id=row.site_id,
            machine_name=machine or "",
            reporter=reporter,
            text=row.text,
            happened_at=row.happened_at,
            reported_at=row.reported_at,
        )
        for row, machine, reporter in session.execute(query)
    ]


def _views(session: Session, *conditions: ColumnElement[bool]) -> list[IncidentView]:
    first = aliased(Incident)
    echoes = (
        select(func.count())
        .select_from(IncidentEcho)
        .where(IncidentEcho.incident_id == Incident.id)
        .scalar_subquery()
    )
    query = (
        select(Incident, Bookable.slug, Bookable.name, Person.name, first.uid, echoes)
        .join(Bookable, Bookable.id == Incident.machine_id)
        .join(Person, Person.id == Incident.reporter_id)
        .outerjoin(first, first.id == Incident.duplicate_of_id)
        .where(*conditions)
        .order_by(Incident.reported_at.desc(), Incident.id.desc())
        .limit(MOST)
        .execution_options(populate_existing=True)
    )
    return [
        IncidentView(
            uid=row.uid,
            site_id=row.site_id,
            machine=slug,
            machine_name=name,
            machine_id=row.machine_id,
            reporter=reporter,
            severity=Severity(row.severity),
            text=row.text,
            photo=row.photo,
            reported_at=row.reported_at,
            solved_at=row.solved_at,
            solution=row.solution,
            duplicate_of=original,
            reporter_id=row.reporter_id,
            echo_count=echoes,
        )
        for row, slug, name, reporter, original, echoes in session.execute(query)
    ]
