"""Reads of consent and of looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.people.models import Person
from labops.domain.privacy.models import Consent, Look
from labops.domain.privacy.purposes import Purpose


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person said to one purpose, and since when; silence is a no without a date."""

    purpose: Purpose
    given: bool
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class LookSeen:
    """Who looked at what, and when."""

    what: str
    by: str
    looked_at: datetime


def decisions(session: Session, person_id: int) -> list[Decision]:
    """Return what the person says to every purpose today."""
    rows = session.scalars(
        select(Consent).where(Consent.person_id == person_id).order_by(Consent.id)
    )
    latest = {row.purpose: row for row in rows}
    return [
        Decision(
            purpose,
            bool(purpose in latest and latest[purpose].given),
            latest[purpose].decided_at if purpose in latest else None,
        )
        for purpose in Purpose
    ]


def agrees(session: Session, person_id: int, purpose: Purpose) -> bool:
    """Say whether the person agrees to the purpose now."""
    given = session.scalar(
        select(Consent.given)
        .where(Consent.person_id == person_id, Consent.purpose == purpose.value)
        .order_by(Consent.id.desc())
        .limit(1)
    )
    return bool(given)


def looks_at(session: Session, person_id: int, *, limit: int = 100) -> list[LookSeen]:
    """Return who looked at what is delicate of the person's, latest first."""
    rows = session.execute(
        select(Look.what, Person.name, Look.looked_at)
        .join(Person, Person.id == Look.looker_id)
        .where(Look.person_id == person_id)
        .order_by(Look.looked_at.desc(), Look.id.desc())
        .limit(limit)
    )
    return [LookSeen(*row) for row in rows]
