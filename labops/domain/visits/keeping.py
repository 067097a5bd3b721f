"""How long visits tell of people: then they count for statistics only, or go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from labops.domain.people.models import Person
from labops.domain.privacy.purposes import NOBODY_UID
from labops.domain.stations.models import Scan
from labops.domain.visits.models import RollCall, RollCallTick, Visit

BATCH_COUNT = 500


def count_old(session: Session, before: datetime) -> int:
    """Return how many scans and visits of people are too old."""
    scans = session.scalar(select(func.count(Scan.id)).where(Scan.at < before)) or 0
    return scans + (session.scalar(select(func.count(Visit.id)).where(*_old(before))) or 0)


def forget_old(session: Session, before: datetime) -> int:
    """Delete old scans, and cut old visits off from their people; at most a batch."""
    ids = list(session.scalars(select(Scan.id).where(Scan.at < before).limit(BATCH_COUNT)))
    if ids:
        session.execute(delete(Scan).where(Scan.id.in_(ids)))
        return len(ids)
    ids = list(session.scalars(select(Visit.id).where(*_old(before)).limit(BATCH_COUNT)))
    if ids:
        nobody = _nobody(session, before)
        session.execute(
            update(Visit)
            .where(Visit.id.in_(ids), Visit.person_id.is_not(None))
            .values(person_id=nobody)
        )
        session.execute(
            update(Visit)
            .where(Visit.id.in_(ids), Visit.host_id.is_not(None))
            .values(host_id=nobody)
        )
    return len(ids)


def count_names(session: Session, before: datetime) -> int:
    """Return how many roll calls and guests' names are too old."""
    calls = session.scalar(select(func.count(RollCall.id)).where(RollCall.started_at < before)) or 0
    return calls + (session.scalar(select(func.count(Visit.id)).where(*_named(before))) or 0)


def forget_names(session: Session, before: datetime) -> int:
    """Delete old roll calls with their ticks, and guests' names; at most a batch."""
    ids = list(
        session.scalars(select(RollCall.id).where(RollCall.started_at < before).limit(BATCH_COUNT))
    )
    if ids:
        session.execute(delete(RollCallTick).where(RollCallTick.roll_call_id.in_(ids)))
        session.execute(delete(RollCall).where(RollCall.id.in_(ids)))
        return len(ids)
    ids = list(session.scalars(select(Visit.id).where(*_named(before)).limit(BATCH_COUNT)))
    if ids:
        session.execute(update(Visit).where(Visit.id.in_(ids)).values(guest_name="", names=[]))
    return len(ids)


def _old(before: datetime) -> tuple[ColumnElement[bool], ...]:
    nobody = select(Person.id).where(Person.uid == NOBODY_UID).scalar_subquery()
    return (
        Visit.ends_at < before,
        or_(
            Visit.person_id != func.coalesce(nobody, 0),
            Visit.host_id != func.coalesce(nobody, 0),
        ),
    )


def _named(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return Visit.ends_at < before, Visit.guest_name != ""


def _nobody(session: Session, before: datetime) -> int:
    person = session.scalar(select(Person).where(Person.uid == NOBODY_UID))
    if person is None:
        person = Person(uid=NOBODY_UID, name="–", created_at=before)
        session.add(person)
        session.flush()
    return person.id
