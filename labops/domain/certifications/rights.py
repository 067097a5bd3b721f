"""Who may certify for which machine type: whoever grants at a site, and the type's trainers."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.certifications.models import Trainer
from labops.domain.machines.models import MachineType
from labops.kernel.errors import Forbidden, NotSignedIn
from labops.kernel.permissions import Actor, Permission, Scope


def may_certify(session: Session, actor: Actor, machine_type_id: int) -> bool:
    """Say whether the actor may certify people for the machine type.

    Certifications count at every site, so any site's teacher may.
    """
    if actor.may_somewhere(Permission.CERTIFICATION_GRANT):
        return True
    return machine_type_id in _trained(session, actor)


def require_certify(session: Session, actor: Actor, machine_type_id: int, person_id: int) -> None:
    """Raise `NotSignedIn` or `Forbidden` unless the actor may; a trainer never does so for herself.

    Staff may: the first one at a new place has nobody else.
    """
    if not actor.signed_in and not actor.everywhere:
        raise NotSignedIn
    if not may_certify(session, actor, machine_type_id):
        raise Forbidden
    if actor.owns(person_id) and not actor.may_somewhere(Permission.CERTIFICATION_GRANT):
        raise Forbidden


def types_to_certify(session: Session, actor: Actor) -> list[MachineType]:
    """Return the machine types that the actor may certify for."""
    query = select(MachineType).order_by(MachineType.slug)
    if not actor.may_somewhere(Permission.CERTIFICATION_GRANT):
        query = query.where(MachineType.id.in_(_trained(session, actor)))
    return list(session.scalars(query))


def _trained(session: Session, actor: Actor) -> set[int]:
    if actor.person_id is None or actor.suspended or actor.scope is not Scope.STAFF:
        return set()
    query = select(Trainer.machine_type_id).where(Trainer.person_id == actor.person_id)
    return set(session.scalars(query))
