"""Certifying inside a transaction that somebody else owns: quizzes, inductions, imports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.certifications.models import (
    Certification,
    CertificationLevel,
    CertificationRule,
)
from labops.domain.certifications.policies import lapse_of, months_later
from labops.domain.certifications.states import EarnedBy
from labops.domain.machines.models import MachineType
from labops.domain.people.models import Person
from labops.kernel import audit
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Actor

LONGEST_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Certify:
    """A person's right to use a machine type, from and to local days, both included.

    Without a last day it ends when the machine type says, which may be never.
    """

    person_uid: str
    machine_type: str
    starts_on: date
    ends_on: date | None = None
    evidence: str = ""
    level: int = 1
    earned_by: EarnedBy = EarnedBy.GRANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The same by identifiers, for whoever has them at hand."""

    person_id: int
    machine_type_id: int
    starts_on: date
    ends_on: date | None = None
    evidence: str = ""
    level: int = 1
    earned_by: EarnedBy = EarnedBy.GRANT


def add_certification(session: Session, command: Certify, *, actor: Actor, now: datetime) -> int:
    """Grant and return the certification's id. Rights are the caller's to check.

    It renews what the person has of that machine type and level, if anything, and no suspension
    is lifted by it. Nobody is told: the caller's own event does that, or `CertificationGranted`.
    Raises `NotFound` for an unknown person, `Invalid` for what the machine types do not know.
    """
    person_id = session.scalar(select(Person.id).where(Person.uid == command.person_uid))
    if person_id is None:
        raise NotFound
    grant = Grant(
        person_id=person_id,
        machine_type_id=type_id_of(session, command.machine_type),
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        evidence=command.evidence,
        level=command.level,
        earned_by=command.earned_by,
    )
    return grant_certification(session, grant, actor=actor, now=now)


def grant_certification(session: Session, grant: Grant, *, actor: Actor, now: datetime) -> int:
    """Grant by identifiers, as `add_certification` does; the same twice is once."""
    if not 1 <= grant.level <= highest_level(session, grant.machine_type_id):
        raise Invalid.field("level", "field.not-offered", value=grant.level)
    rule = session.get(CertificationRule, grant.machine_type_id)
    ends_on = grant.ends_on
    if ends_on is None and rule is not None and rule.valid_months is not None:
        ends_on = months_later(grant.starts_on, rule.valid_months)
    before = _before(session, grant)
    if before is not None and _says_the_same(before, grant, ends_on):
        return before.id
    unused_days = rule.unused_days if rule is not None else None
    certification = Certification(
        person_id=grant.person_id,
        machine_type_id=grant.machine_type_id,
        level=grant.level,
        starts_on=grant.starts_on,
        ends_on=ends_on,
        unused_days=unused_days,
        lapses_on=lapse_of(unused_days, grant.starts_on),
        earned_by=grant.earned_by,
        evidence=grant.evidence.strip()[:LONGEST_TEXT],
        renews_id=before.id if before is not None else None,
        granted_by_id=actor.person_id,
        granted_at=now,
    )
    session.add(certification)
    session.flush()
    _note(session, certification, actor, now)
    return certification.id


def type_id_of(session: Session, slug: str) -> int:
    """Return the id of a machine type; raises `Invalid` for an unknown one."""
    found = session.scalar(select(MachineType.id).where(MachineType.slug == slug))
    if found is None:
        raise Invalid.field("machine_type", "field.not-offered", value=slug)
    return found


def highest_level(session: Session, machine_type_id: int) -> int:
    """Return how many levels a machine type has; one unless they are named."""
    named = select(func.max(CertificationLevel.level)).where(
        CertificationLevel.machine_type_id == machine_type_id
    )
    return session.scalar(named) or 1


def _before(session: Session, grant: Grant) -> Certification | None:
    """Return the grant that this one would renew: the latest that was not revoked."""
    return session.scalar(
        select(Certification)
        .where(
            Certification.person_id == grant.person_id,
            Certification.machine_type_id == grant.machine_type_id,
            Certification.level == grant.level,
            Certification.revoked_at.is_(None),
        )
        .order_by(Certification.id.desc())
        .limit(1)
    )


def _says_the_same(before: Certification, grant: Grant, ends_on: date | None) -> bool:
    same_days = before.starts_on == grant.starts_on and before.ends_on == ends_on
    same_words = before.evidence == grant.evidence.strip()[:LONGEST_TEXT]
    return same_days and same_words and before.earned_by == grant.earned_by


def _note(session: Session, made: Certification, actor: Actor, now: datetime) -> None:
    names = (
        select(Person.uid, MachineType.slug)
        .where(Person.id == made.person_id)
        .join(MachineType, MachineType.id == made.machine_type_id)
    )
    uid, slug = session.execute(names).one()
    audit.record(
        session,
        actor,
        "certification.renewed" if made.renews_id else "certification.granted",
        f"person:{uid}",
        now=now,
        after={
            "machine_type": slug,
            "level": made.level,
            "earned_by": made.earned_by,
            "starts_on": made.starts_on.isoformat(),
            "ends_on": made.ends_on.isoformat() if made.ends_on else None,
        },
    )
