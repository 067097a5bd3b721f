"""Reads of certifications."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications.models import Certification, CertificationSuspension
from labops.domain.certifications.policies import Granted, Suspended, earlier
from labops.domain.machines.models import MachineType
from labops.domain.sites.models import Site
from labops.kernel import local_time


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificationView:
    """A certification with its machine type's names and the days on which it is suspended."""

    id: int
    type_id: int
    type_slug: str
    name_it: str
    name_en: str
    level: int
    starts_on: date
    ends_on: date | None
    lapses_on: date | None
    unused_days: int | None
    last_used_on: date | None
    earned_by: str
    evidence: str
    renews_id: int | None
    granted_at: datetime
    granted_by_id: int | None
    revoked_at: datetime | None
    revoked_by_id: int | None
    revoked_reason: str
    suspensions: tuple[Suspended, ...] = ()

    @property
    def last_on(self) -> date | None:
        """Return its last day, whichever way it ends."""
        return earlier(self.ends_on, self.lapses_on)

    @property
    def days(self) -> Granted:
        """Return what the policies ask of it."""
        return Granted(
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            lapses_on=self.lapses_on,
            revoked=self.revoked_at is not None,
        )

    def valid_on(self, day: date) -> bool:
        """Say whether it counts on a day."""
        if self.revoked_at is not None or self.starts_on > day:
            return False
        if any(gap.covers(day) for gap in self.suspensions):
            return False
        return self.last_on is None or day <= self.last_on


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspensionView:
    """A suspension of all of a person's certifications for a machine type."""

    id: int
    type_id: int
    starts_on: date
    ends_on: date | None
    reason: str
    suspended_at: datetime
    suspended_by_id: int | None
    resumed_on: date | None
    resumed_at: datetime | None
    resumed_by_id: int | None
    resumed_reason: str

    @property
    def days(self) -> Suspended:
        """Return what the policies ask of it."""
        return Suspended(starts_on=self.starts_on, ends_on=self.ends_on, resumed_on=self.resumed_on)


def of_person(session: Session, person_id: int) -> list[CertificationView]:
    """Return the person's certifications, ended and revoked ones too, latest first in each type."""
    gaps: dict[int, list[Suspended]] = defaultdict(list)
    for one in suspensions_of(session, person_id):
        gaps[one.type_id].append(one.days)
    rows = session.execute(
        select(
            Certification.id,
            MachineType.id.label("type_id"),
            MachineType.slug.label("type_slug"),
            MachineType.name_it,
            MachineType.name_en,
            Certification.level,
            Certification.starts_on,
            Certification.ends_on,
            Certification.lapses_on,
            Certification.unused_days,
            Certification.last_used_on,
            Certification.earned_by,
            Certification.evidence,
            Certification.renews_id,
            Certification.granted_at,
            Certification.granted_by_id,
            Certification.revoked_at,
            Certification.revoked_by_id,
            Certification.revoked_reason,
        )
        .join(MachineType, MachineType.id == Certification.machine_type_id)
        .where(Certification.person_id == person_id)
        .order_by(MachineType.slug, Certification.starts_on.desc(), Certification.id.desc())
    )
    return [CertificationView(**row._mapping, suspensions=tuple(gaps[row.type_id])) for row in rows]


def suspensions_of(session: Session, person_id: int) -> list[SuspensionView]:
    """Return every suspension of the person's certifications, oldest first."""
    table = CertificationSuspension
    rows = session.execute(
        select(
            table.id,
            table.machine_type_id.label("type_id"),
            table.starts_on,
            table.ends_on,
            table.reason,
            table.suspended_at,
            table.suspended_by_id,
            table.resumed_on,
            table.resumed_at,
            table.resumed_by_id,
            table.resumed_reason,
        )
        .where(table.person_id == person_id)
        .order_by(table.id)
    )
    return [SuspensionView(**row._mapping) for row in rows]


def local_today(session: Session, *, now: datetime) -> date:
    """Return the local day at the first site: certifications have days, but no site."""
    zone = session.scalar(select(Site.zone).order_by(Site.id).limit(1)) or "UTC"
    return now.astimezone(local_time.zone(zone)).date()
