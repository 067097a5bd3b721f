"""Reads of certifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications.models import Certification
from labops.domain.machines.models import MachineType


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationView:
    """A certification with its machine type's names."""

    id: int
    type_slug: str
    name_it: str
    name_en: str
    starts_on: date
    ends_on: date | None
    evidence: str
    revoked_at: datetime | None
    revoked_reason: str

    def valid_on(self, day: date) -> bool:
        """Say whether it counts on a day."""
        if self.revoked_at is not None or self.starts_on > day:
            return False
        return self.ends_on is None or day <= self.ends_on


def of_person(session: Session, person_id: int) -> list[CertificationView]:
    """Return the person's certifications, ended and revoked ones too."""
    rows = session.execute(
        select(
            Certification.id,
            MachineType.slug.label("type_slug"),
            MachineType.name_it,
            MachineType.name_en,
            Certification.starts_on,
            Certification.ends_on,
            Certification.evidence,
            Certification.revoked_at,
            Certification.revoked_reason,
        )
        .join(MachineType, MachineType.id == Certification.machine_type_id)
        .where(Certification.person_id == person_id)
        .order_by(MachineType.slug, Certification.starts_on.desc())
    )
    return [CertificationView(**row._mapping) for row in rows]
