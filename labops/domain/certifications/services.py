"""Use cases of certifications. What was granted is never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.certifications import rights
from labops.domain.certifications.events import (
    CertificationGranted,
    CertificationResumed,
    CertificationRevoked,
    CertificationSuspended,
)
from labops.domain.certifications.granting import (
    LONGEST_TEXT,
    Certify,
    add_certification,
    grant_certification,
    type_id_of,
)
from labops.domain.certifications.models import Certification, CertificationSuspension
from labops.domain.certifications.queries import local_today
from labops.domain.people.models import Person
from labops.kernel import audit, ledger, outbox
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound
from labops.kernel.permissions import Actor

__all__ = [
    "Certify",
    "Suspend",
    "add_certification",
    "certify",
    "grant_certification",
    "resume",
    "revoke",
    "suspend",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    """Days on which a person's certifications for a machine type do not count.

    Without a first day they begin today, without a last one they end when somebody says so.
    """

    person_uid: str
    machine_type: str
    reason: str
    starts_on: date | None = None
    ends_on: date | None = None


def certify(command: Certify, *, actor: Actor, now: datetime) -> None:
    """Grant a certification, or renew what the person has; it counts at every site.

    Raises `Forbidden`, `NotFound` for an unknown person, `Invalid` for an unknown machine type
    or level, or when it ends before it starts.
    """
    actor.require_person()
    if command.ends_on is not None and command.ends_on < command.starts_on:
        raise Invalid.field("ends_on", "field.ends-before-start")
    with unit_of_work() as session:
        person_id = _person_id(session, command.person_uid)
        rights.require_certify(session, actor, type_id_of(session, command.machine_type), person_id)
        ledger.lock(session, people=[person_id])
        certification_id = add_certification(session, command, actor=actor, now=now)
        event = CertificationGranted(certification_id=certification_id)
        outbox.record_once(session, event, now=now)


def suspend(command: Suspend, *, actor: Actor, now: datetime) -> None:
    """Let a person's certifications for a machine type not count from a day on.

    Raises `Forbidden`, `NotFound` for an unknown person, `Invalid` without a reason, for days
    that are over, or where there is nothing to suspend.
    """
    actor.require_person()
    reason = _reason(command.reason)
    with unit_of_work() as session:
        person_id = _person_id(session, command.person_uid)
        type_id = type_id_of(session, command.machine_type)
        rights.require_certify(session, actor, type_id, person_id)
        ledger.lock(session, people=[person_id])
        today = local_today(session, now=now)
        starts_on = command.starts_on or today
        if starts_on < today:
            raise Invalid.field("starts_on", "field.in-the-past")
        if command.ends_on is not None and command.ends_on < starts_on:
            raise Invalid.field("ends_on", "field.ends-before-start")
        if not _kept(session, person_id, type_id):
            raise Invalid.field("machine_type", "field.not-offered", value=command.machine_type)
        suspension = CertificationSuspension(
            person_id=person_id,
            machine_type_id=type_id,
            starts_on=starts_on,
            ends_on=command.ends_on,
            reason=reason,
            suspended_by_id=actor.person_id,
            suspended_at=now,
        )
        session.add(suspension)
        session.flush()
        outbox.record(session, CertificationSuspended(suspension_id=suspension.id), now=now)
        days = {
            "machine_type": command.machine_type,
            "starts_on": starts_on.isoformat(),
            "ends_on": command.ends_on.isoformat() if command.ends_on else None,
        }
        subject = f"person:{command.person_uid}"
        audit.record(
            session, actor, "certification.suspended", subject, now=now, after=days, reason=reason
        )


def resume(person_uid: str, machine_type: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a person's certifications for a machine type count again from today on.

    Raises `Forbidden`, `NotFound` for an unknown person, `Invalid` without a reason. Where
    nothing is suspended nothing happens.
    """
    actor.require_person()
    reason = _reason(reason)
    with unit_of_work() as session:
        person_id = _person_id(session, person_uid)
        type_id = type_id_of(session, machine_type)
        rights.require_certify(session, actor, type_id, person_id)
        ledger.lock(session, people=[person_id])
        today = local_today(session, now=now)
        for suspension in _open_suspensions(session, person_id, type_id, today):
            suspension.resumed_on = today
            suspension.resumed_at = now
            suspension.resumed_by_id = actor.person_id
            suspension.resumed_reason = reason
            outbox.record(session, CertificationResumed(suspension_id=suspension.id), now=now)
            audit.record(
                session,
                actor,
                "certification.resumed",
                f"person:{person_uid}",
                now=now,
                after={"machine_type": machine_type},
                reason=reason,
            )


def revoke(certification_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a certification back, with a reason, and all that the person has of the same right.

    That is every grant of the same machine type and of that level or above: a renewal does not
    outlive what it renewed, and no use that is noted later wakes one that had ended.

    Raises `Forbidden`, `NotFound`, `Invalid` without a reason; doing it again changes nothing.
    """
    actor.require_person()
    reason = _reason(reason)
    with unit_of_work() as session:
        chosen = session.get(Certification, certification_id)
        if chosen is None:
            raise NotFound
        person_id, type_id = chosen.person_id, chosen.machine_type_id
        rights.require_certify(session, actor, type_id, person_id)
        ledger.lock(session, people=[person_id])
        session.refresh(chosen)
        if chosen.revoked_at is not None:
            return
        for one in _kept(session, person_id, type_id, chosen.level):
            one.revoked_at = now
            one.revoked_by_id = actor.person_id
            one.revoked_reason = reason
            audit.record(
                session,
                actor,
                "certification.revoked",
                f"certification:{one.id}",
                now=now,
                reason=reason,
            )
        outbox.record(session, CertificationRevoked(certification_id=chosen.id), now=now)


def _kept(session: Session, person_id: int, type_id: int, level: int = 1) -> list[Certification]:
    """Return the grants of the level and above that were not revoked, ended or not."""
    query = (
        select(Certification)
        .where(
            Certification.person_id == person_id,
            Certification.machine_type_id == type_id,
            Certification.level >= level,
            Certification.revoked_at.is_(None),
        )
        .order_by(Certification.id)
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _open_suspensions(
    session: Session, person_id: int, type_id: int, today: date
) -> list[CertificationSuspension]:
    query = (
        select(CertificationSuspension)
        .where(
            CertificationSuspension.person_id == person_id,
            CertificationSuspension.machine_type_id == type_id,
            CertificationSuspension.resumed_at.is_(None),
            or_(
                CertificationSuspension.ends_on.is_(None),
                CertificationSuspension.ends_on >= today,
            ),
        )
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))


def _person_id(session: Session, uid: str) -> int:
    found = session.scalar(select(Person.id).where(Person.uid == uid))
    if found is None:
        raise NotFound
    return found


def _reason(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid.field("reason", "field.required")
    return text[:LONGEST_TEXT]
