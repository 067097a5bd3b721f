"""Who speaks for a lab: owners, who name others, and delegates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.labs.models import Lab, LabRepresentative
from labops.domain.labs.rights import editable, require_owner, running, today
from labops.domain.labs.states import RepresentativeRole
from labops.domain.people.models import Account, Person
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor
from labops.kernel.text import one_line


@dataclass(frozen=True, slots=True)
class RepresentativeView:
    """Somebody who speaks, or spoke, for a lab."""

    person_uid: str
    name: str
    role: str
    since: date
    until: date | None


def name_representative(
    lab_id: int, email: str, role: RepresentativeRole, *, actor: Actor, now: datetime
) -> None:
    """Let whoever has the account speak for the lab; raises `Invalid` naming `email`.

    Somebody who speaks for it already gets the other role. The last owner stays one.
    """
    with unit_of_work() as session:
        lab = editable(session, lab_id, actor, now=now, locked=True)
        require_owner(session, lab, actor, now=now)
        person_id = session.scalar(
            select(Account.person_id).where(Account.email == one_line(email).lower())
        )
        if person_id is None:
            raise Invalid.field("email", "field.nobody")
        appoint(session, lab, person_id, role, actor=actor, now=now)


def appoint(
    session: Session,
    lab: Lab,
    person_id: int,
    role: RepresentativeRole,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Let a person speak for a lab inside the caller's transaction, who checks the right to."""
    on = today(now)
    row = session.scalar(
        select(LabRepresentative)
        .where(
            LabRepresentative.lab_id == lab.id,
            LabRepresentative.person_id == person_id,
            or_(LabRepresentative.until.is_(None), LabRepresentative.since == on),
        )
        .order_by(LabRepresentative.since.desc())
        .limit(1)
    )
    if row is None:
        row = LabRepresentative(lab_id=lab.id, person_id=person_id, since=on)
        session.add(row)
    elif row.role == RepresentativeRole.OWNER and role != row.role and row.until is None:
        _keep_an_owner(session, lab.id, person_id, on)
    row.role, row.until, row.named_by_id = role, None, actor.person_id
    session.flush()
    audit.record(
        session,
        actor,
        "lab.representative-named",
        f"lab:{lab.uid}",
        now=now,
        after={"person": _uid(session, person_id), "role": role},
    )


def end_representative(lab_id: int, person_uid: str, *, actor: Actor, now: datetime) -> None:
    """Let a person speak for the lab no more; one may always end it for oneself.

    Raises `NotFound` when she does not, `Refused` for the last owner.
    """
    with unit_of_work() as session:
        lab = editable(session, lab_id, actor, now=now, locked=True)
        person_id = session.scalar(select(Person.id).where(Person.uid == person_uid))
        if person_id is None:
            raise NotFound
        if not actor.owns(person_id):
            require_owner(session, lab, actor, now=now)
        on = today(now)
        rows = session.scalars(
            select(LabRepresentative).where(
                LabRepresentative.lab_id == lab_id,
                LabRepresentative.person_id == person_id,
                *running(on),
            )
        ).all()
        if not rows:
            raise NotFound
        if any(row.role == RepresentativeRole.OWNER for row in rows):
            _keep_an_owner(session, lab_id, person_id, on)
        for row in rows:
            row.until = on
        audit.record(
            session,
            actor,
            "lab.representative-ended",
            f"lab:{lab.uid}",
            now=now,
            before={"person": person_uid},
        )


def of_lab(session: Session, lab_id: int) -> list[RepresentativeView]:
    """Return everybody who speaks or spoke for the lab, whoever still does first."""
    rows = session.execute(
        select(
            Person.uid,
            Person.name,
            LabRepresentative.role,
            LabRepresentative.since,
            LabRepresentative.until,
        )
        .join(Person, Person.id == LabRepresentative.person_id)
        .where(LabRepresentative.lab_id == lab_id)
        .order_by(
            LabRepresentative.until.is_not(None), LabRepresentative.since, LabRepresentative.id
        )
    )
    return [RepresentativeView(*row) for row in rows]


def representative_ids(session: Session, lab_id: int, *, on: date) -> list[int]:
    """Return the ids of the people who speak for the lab on the day, for letters."""
    return sorted(
        set(
            session.scalars(
                select(LabRepresentative.person_id).where(
                    LabRepresentative.lab_id == lab_id, *running(on)
                )
            )
        )
    )


def owners_of(session: Session, lab_ids: Iterable[int]) -> list[tuple[str, int]]:
    """Return the uid of each of these labs with its first owner, in the order of the labs."""
    rows = session.execute(
        select(Lab.uid, LabRepresentative.person_id)
        .join(LabRepresentative, LabRepresentative.lab_id == Lab.id)
        .where(
            Lab.id.in_(list(lab_ids)),
            LabRepresentative.role == RepresentativeRole.OWNER,
            LabRepresentative.until.is_(None),
        )
        .order_by(Lab.id, LabRepresentative.id)
    )
    found: dict[str, int] = {}
    for uid, person_id in rows:
        found.setdefault(uid, person_id)
    return list(found.items())


def _keep_an_owner(session: Session, lab_id: int, person_id: int, on: date) -> None:
    other = session.scalar(
        select(LabRepresentative.id).where(
            LabRepresentative.lab_id == lab_id,
            LabRepresentative.person_id != person_id,
            LabRepresentative.role == RepresentativeRole.OWNER,
            *running(on),
        )
    )
    if other is None:
        raise Refused([Problem("lab.last-owner")])


def _uid(session: Session, person_id: int) -> str:
    return session.scalars(select(Person.uid).where(Person.id == person_id)).one()
