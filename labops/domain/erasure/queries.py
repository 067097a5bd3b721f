"""Reads of erasing: what waits, and who is gone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.erasure.models import ErasedPerson, ErasureRequest
from labops.domain.people.models import Account, Person, RoleGrant
from labops.kernel.permissions import Role


def waiting(session: Session, person_id: int) -> ErasureRequest | None:
    """Return the request to erase a person that has neither been done nor taken back."""
    return session.scalars(
        select(ErasureRequest)
        .where(
            ErasureRequest.person_id == person_id,
            ErasureRequest.done_at.is_(None),
            ErasureRequest.taken_back_at.is_(None),
        )
        .order_by(ErasureRequest.due_at)
        .limit(1)
    ).first()


def due(session: Session, *, now: datetime) -> list[int]:
    """Return the ids of requests whose time has come."""
    query = select(ErasureRequest.id).where(
        ErasureRequest.done_at.is_(None),
        ErasureRequest.taken_back_at.is_(None),
        ErasureRequest.due_at <= now,
    )
    return list(session.scalars(query.order_by(ErasureRequest.id)))


def erased_at(session: Session, uid: str) -> datetime | None:
    """Return when the person was erased, if she was."""
    return session.scalar(select(ErasedPerson.erased_at).where(ErasedPerson.uid == uid))


def erased(session: Session) -> dict[str, datetime]:
    """Return everybody who was erased, by uid."""
    return {row.uid: row.erased_at for row in session.scalars(select(ErasedPerson))}


def is_only_admin(session: Session, person_id: int) -> bool:
    """Say whether nobody would be left to look after this installation."""
    admins = set(
        session.scalars(
            select(RoleGrant.person_id)
            .join(Account, Account.person_id == RoleGrant.person_id)
            .join(Person, Person.id == RoleGrant.person_id)
            .where(RoleGrant.role == Role.ADMIN, RoleGrant.site_id.is_(None))
        )
    )
    return admins == {person_id}
