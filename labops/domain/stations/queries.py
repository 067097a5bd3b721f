"""Reads of stations."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.stations.models import Scan, Station


def by_code(session: Session, code: str) -> Station | None:
    """Return the station of a code, a retired one too."""
    return session.scalar(select(Station).where(Station.code == code))


def of_site(session: Session, site_id: int) -> list[Station]:
    """Return the site's stations that hang today, doors first."""
    return list(
        session.scalars(
            select(Station)
            .where(Station.site_id == site_id, Station.retired_at.is_(None))
            .order_by(Station.kind, Station.name, Station.id)
        )
    )


def of_machine(session: Session, machine_id: int) -> Station | None:
    """Return the machine's station that hangs today."""
    return session.scalar(
        select(Station)
        .where(Station.machine_id == machine_id, Station.retired_at.is_(None))
        .order_by(Station.id.desc())
        .limit(1)
    )


def scan_of_nonce(session: Session, person_id: int, nonce: str) -> Scan | None:
    """Return the earlier act with the same nonce."""
    return session.scalar(select(Scan).where(Scan.person_id == person_id, Scan.nonce == nonce))
