"""Use cases of certifications. What was granted is never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications.models import Certification
from labops.domain.machines.models import MachineType
from labops.domain.people.models import Person
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Certify:
    """A person's right to use a machine type, from and to local days, both included."""

    person_uid: str
    machine_type: str
    starts_on: date
    ends_on: date | None = None
    evidence: str = ""


def certify(command: Certify, *, actor: Actor, now: datetime) -> None:
    """Grant a certification; it counts at every site, so any site's teacher may grant it.

    Raises `Forbidden`, `NotFound` for an unknown person, `Invalid` for an unknown machine type
    or when it ends before it starts.
    """
    actor.require_person()
    if not actor.may_somewhere(Permission.CERTIFICATION_GRANT):
        raise Forbidden
    if command.ends_on is not None and command.ends_on < command.starts_on:
        raise Invalid.field("ends_on", "field.ends-before-start")
    with unit_of_work() as session:
        add_certification(session, command, actor=actor, now=now)


def add_certification(session: Session, command: Certify, *, actor: Actor, now: datetime) -> None:
    """Grant inside the caller's transaction."""
    person_id = session.scalar(select(Person.id).where(Person.uid == command.person_uid))
    if person_id is None:
        raise NotFound
    type_id = session.scalar(select(MachineType.id).where(MachineType.slug == command.machine_type))
    if type_id is None:
        raise Invalid.field("machine_type", "field.not-offered")
    session.add(
        Certification(
            person_id=person_id,
            machine_type_id=type_id,
            starts_on=command.starts_on,
            ends_on=command.ends_on,
            evidence=command.evidence[:300],
            granted_by_id=actor.person_id,
            granted_at=now,
        )
    )
    audit.record(
        session,
        actor,
        "certification.granted",
        f"person:{command.person_uid}",
        now=now,
        after={
            "machine_type": command.machine_type,
            "starts_on": command.starts_on.isoformat(),
            "ends_on": command.ends_on.isoformat() if command.ends_on else None,
        },
    )


def revoke(certification_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a certification back, with a reason; raises `Invalid` without one."""
    actor.require_person()
    if not actor.may_somewhere(Permission.CERTIFICATION_GRANT):
        raise Forbidden
    if not reason.strip():
        raise Invalid.field("reason", "field.required")
    with unit_of_work() as session:
        certification = session.get(Certification, certification_id)
        if certification is None:
            raise NotFound
        if certification.revoked_at is None:
            certification.revoked_at = now
            certification.revoked_reason = reason.strip()[:300]
            audit.record(
                session,
                actor,
                "certification.revoked",
                f"certification:{certification_id}",
                now=now,
                reason=reason,
            )
