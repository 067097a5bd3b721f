"""Who may see and change what about a lab."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from labops.domain.labs.models import Lab, LabRepresentative
from labops.domain.labs.states import RepresentativeRole
from labops.kernel import local_time
from labops.kernel.errors import Forbidden, NotFound, NotSignedIn
from labops.kernel.permissions import Actor, Permission

# The list is the city's: days begin and end where the city is.
ZONE = local_time.zone("Europe/Rome")


def today(now: datetime) -> date:
    """Return the city's day."""
    return now.astimezone(ZONE).date()


def running(on: date) -> tuple[ColumnElement[bool], ...]:
    """Return what is true of whoever speaks for a lab on the day."""
    return (
        LabRepresentative.since <= on,
        or_(LabRepresentative.until.is_(None), LabRepresentative.until > on),
    )


def role_of(session: Session, lab_id: int, actor: Actor, *, on: date) -> RepresentativeRole | None:
    """Return as what the actor speaks for the lab, if at all; of two roles the owner's."""
    if actor.person_id is None or actor.suspended:
        return None
    roles = set(
        session.scalars(
            select(LabRepresentative.role).where(
                LabRepresentative.lab_id == lab_id,
                LabRepresentative.person_id == actor.person_id,
                *running(on),
            )
        )
    )
    return next((role for role in RepresentativeRole if role in roles), None)


def may_edit(session: Session, lab_id: int, actor: Actor, *, now: datetime) -> bool:
    """Say whether the actor may change what the lab says of itself."""
    if actor.may(Permission.LAB_EDIT, None):
        return True
    return role_of(session, lab_id, actor, on=today(now)) is not None


def editable(
    session: Session, lab_id: int, actor: Actor, *, now: datetime, locked: bool = False
) -> Lab:
    """Return a lab that the actor may change; raises `NotFound` when it is not theirs.

    `locked`: whoever else would change it waits, so that what is checked stays true.
    """
    actor.require_write()
    if not actor.signed_in and actor.label != "system":
        raise NotSignedIn
    lab = session.get(Lab, lab_id, with_for_update=locked or None)
    if lab is None or not may_edit(session, lab_id, actor, now=now):
        raise NotFound
    return lab


def may_name(session: Session, lab_id: int, actor: Actor, *, now: datetime) -> bool:
    """Say whether the actor may say who speaks for the lab."""
    if actor.may(Permission.LAB_EDIT, None):
        return True
    return role_of(session, lab_id, actor, on=today(now)) is RepresentativeRole.OWNER


def require_owner(session: Session, lab: Lab, actor: Actor, *, now: datetime) -> None:
    """Raise `Forbidden` unless the actor may say who speaks for the lab."""
    if not may_name(session, lab.id, actor, now=now):
        raise Forbidden
