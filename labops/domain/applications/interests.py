"""Use cases of declared interests: who has one in a lab cannot open its case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.applications.models import DeclaredInterest
from labops.domain.labs.models import Lab
from labops.domain.people.models import Person
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestView:
    """An interest that somebody declared; `lab` is the lab's public name."""

    uid: str
    person: str
    lab: str
    reason: str
    declared_at: datetime
    ended_at: datetime | None


def may_declare(actor: Actor) -> bool:
    """Say whether the actor works on cases at all."""
    rights = (Permission.APPLICATION_REVIEW, Permission.APPLICATION_DECIDE)
    return any(actor.may(right, None) for right in rights)


def declare(lab_slug: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Declare an interest in a lab; from now on its case is not there for the actor.

    Raises `Forbidden` for whoever has nothing to do with cases, and `Invalid`.
    """
    if not may_declare(actor):
        raise Forbidden
    person_id = actor.require_person()
    words = one_line(reason)
    if not words:
        raise Invalid.field("reason", "field.required")
    if len(words) > LONGEST_REASON:
        raise Invalid.field("reason", "field.too-long", longest=LONGEST_REASON)
    with unit_of_work() as session:
        lab = session.scalar(select(Lab).where(Lab.slug == lab_slug))
        if lab is None:
            raise Invalid.field("lab", "field.not-offered", value=lab_slug)
        row = DeclaredInterest(person_id=person_id, lab_id=lab.id, reason=words, declared_at=now)
        session.add(row)
        audit.record(session, actor, "interest.declared", f"lab:{lab.uid}", now=now, reason=words)


def end(uid: str, *, actor: Actor, now: datetime) -> None:
    """Note that an interest is over. Only a colleague may: nobody opens a case for herself."""
    if not may_declare(actor):
        raise Forbidden
    with unit_of_work() as session:
        row = session.scalar(select(DeclaredInterest).where(DeclaredInterest.uid == uid))
        if row is None or row.ended_at is not None:
            raise NotFound
        if actor.owns(row.person_id):
            raise Forbidden
        row.ended_at = now
        audit.record(session, actor, "interest.ended", f"interest:{row.uid}", now=now)


def listed(session: Session) -> list[InterestView]:
    """Return every interest, those that hold first."""
    rows = session.execute(
        select(DeclaredInterest, Person.name, Lab.public_name)
        .join(Person, Person.id == DeclaredInterest.person_id)
        .join(Lab, Lab.id == DeclaredInterest.lab_id)
        .order_by(DeclaredInterest.ended_at.is_not(None), DeclaredInterest.id.desc())
    )
    return [
        InterestView(
            uid=row.uid,
            person=person,
            lab=lab,
            reason=row.reason,
            declared_at=row.declared_at,
            ended_at=row.ended_at,
        )
        for row, person, lab in rows
    ]
