"""What mails say of a certification, as it stands when the mail is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications import skills
from labops.domain.certifications.models import Certification, CertificationSuspension
from labops.domain.certifications.policies import earlier
from labops.domain.certifications.states import EarnedBy, Renewal
from labops.domain.machines.models import MachineType


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A certification or the suspension of one, in what concerns its reader."""

    person_id: int
    slug: str
    name_it: str
    name_en: str
    level_it: str = ""
    level_en: str = ""
    starts_on: date
    last_on: date | None
    by_disuse: bool = False
    earned_by: EarnedBy = EarnedBy.GRANT
    evidence: str = ""
    renews: bool = False
    reason: str = ""
    over: bool = False
    ways: tuple[Renewal, ...] = ()

    def name(self, language: str) -> str:
        """Return what it is for, with its level where that has a name."""
        name, level = (
            (self.name_it, self.level_it) if language == "it" else (self.name_en, self.level_en)
        )
        return f"{name} ({level})" if level else name


def certification(session: Session, certification_id: int) -> Told | None:
    """Return a certification; `over` says that it was revoked, for which `reason` is why."""
    row = session.execute(
        select(Certification, MachineType)
        .join(MachineType, MachineType.id == Certification.machine_type_id)
        .where(Certification.id == certification_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    one, kind = row
    names = skills.level_names(session, [kind.id]).get((kind.id, one.level), ("", ""))
    last_on = earlier(one.ends_on, one.lapses_on)
    return Told(
        person_id=one.person_id,
        slug=kind.slug,
        name_it=kind.name_it,
        name_en=kind.name_en,
        level_it=names[0],
        level_en=names[1],
        starts_on=one.starts_on,
        last_on=last_on,
        by_disuse=one.lapses_on is not None and last_on == one.lapses_on,
        earned_by=EarnedBy(one.earned_by),
        evidence=one.evidence,
        renews=one.renews_id is not None,
        reason=one.revoked_reason,
        over=one.revoked_at is not None,
        ways=skills.renewals(session, [kind.id]).get(kind.id, ()),
    )


def suspension(session: Session, suspension_id: int) -> Told | None:
    """Return a suspension; `over` says that it was lifted, for which `reason` is why."""
    row = session.execute(
        select(CertificationSuspension, MachineType)
        .join(MachineType, MachineType.id == CertificationSuspension.machine_type_id)
        .where(CertificationSuspension.id == suspension_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    gap, kind = row
    over = gap.resumed_at is not None
    return Told(
        person_id=gap.person_id,
        slug=kind.slug,
        name_it=kind.name_it,
        name_en=kind.name_en,
        starts_on=gap.starts_on,
        last_on=gap.ends_on,
        reason=gap.resumed_reason if over else gap.reason,
        over=over,
    )


def is_news(told: Told, last_on: date, today: date) -> bool:
    """Say whether a reminder of an end still tells what is true and to come."""
    return not told.over and told.last_on == last_on and last_on >= today
