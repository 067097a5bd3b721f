"""What was written of scans, given again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.people.models import Person
from labops.domain.stations.models import Scan, Station
from labops.domain.visits.models import Visit
from labops.domain.visits.outcomes import Outcome, instant_of, problems_of
from labops.domain.visits.states import Act, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanView:
    """One scan in words: what came of it, where, by which way and whose hands."""

    outcome: Outcome
    way: str
    station: str
    guest_name: str
    scanned_by: str
    recorded_at: datetime | None


def outcome(session: Session, device: str, nonce: str) -> Outcome | None:
    """Return what came of the scan with this nonce before, if there was one."""
    row = session.execute(_query().where(Scan.device == device, Scan.nonce == nonce)).one_or_none()
    return replace(_outcome(row), replayed=True) if row else None


def fresh(session: Session, device: str, nonce: str) -> Outcome:
    """Return what came of the scan that was just written."""
    row = session.execute(_query().where(Scan.device == device, Scan.nonce == nonce)).one()
    return _outcome(row)


def last_scans(session: Session, site_id: int, *, limit: int = 20) -> Sequence[ScanView]:
    """Return the site's latest scans, the newest first."""
    rows = session.execute(
        _query()
        .where(Scan.site_id == site_id)
        .order_by(Scan.at.desc(), Scan.id.desc())
        .limit(limit)
    ).all()
    staff_ids = {row.Scan.scanned_by_id for row in rows if row.Scan.scanned_by_id}
    named = session.execute(select(Person.id, Person.name).where(Person.id.in_(staff_ids)))
    staff: dict[int, str] = {row.id: row.name for row in named}
    return [
        ScanView(
            outcome=_outcome(row),
            way=row.Scan.way,
            station=row.station or "",
            guest_name=row.guest_name or "",
            scanned_by=staff.get(row.Scan.scanned_by_id, ""),
            recorded_at=row.Scan.recorded_at,
        )
        for row in rows
    ]


def _query() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Scan,
            Person.uid.label("person_uid"),
            Person.name,
            Person.language,
            Visit.uid.label("visit_uid"),
            Visit.guest_name,
            Booking.uid.label("booking_uid"),
            Station.name.label("station"),
        )
        .outerjoin(Person, Person.id == Scan.person_id)
        .outerjoin(Visit, Visit.id == Scan.visit_id)
        .outerjoin(Booking, Booking.id == Scan.booking_id)
        .outerjoin(Station, Station.id == Scan.station_id)
    )


def _outcome(row: Any) -> Outcome:
    scan, detail = row.Scan, row.Scan.detail
    return Outcome(
        act=Act(scan.act),
        result=Result(scan.result),
        at=scan.at,
        person_uid=row.person_uid or "",
        name=row.guest_name or row.name or "",
        language=row.language or "",
        visit_uid=row.visit_uid or "",
        booking_uid=row.booking_uid or "",
        since=instant_of(detail, "since"),
        first_at=instant_of(detail, "first_at"),
        problems=problems_of(detail),
        conflict=tuple(detail.get("conflict", ())),
        guests_left=int(detail.get("guests_left", 0)),
    )
