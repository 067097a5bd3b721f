"""Who is what to a firm: reads that use cases build on, inside their transaction."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.firms.models import Firm, FirmPerson
from labops.domain.firms.states import FirmRole
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor


def place_of(session: Session, firm_id: int, person_id: int) -> FirmPerson | None:
    """Return what the person is to the firm now, `None` when nothing."""
    return session.scalar(
        select(FirmPerson).where(
            FirmPerson.firm_id == firm_id,
            FirmPerson.person_id == person_id,
            FirmPerson.until.is_(None),
        )
    )


def require_representative(session: Session, uid: str, actor: Actor) -> Firm:
    """Return the firm, which nobody else changes meanwhile; raises `NotFound` for others."""
    firm = session.scalar(
        select(Firm)
        .where(Firm.uid == uid)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    person_id = actor.person_id
    place = place_of(session, firm.id, person_id) if firm and person_id is not None else None
    if firm is None or place is None or place.role != FirmRole.REPRESENTATIVE:
        raise NotFound
    return firm


def count_people(session: Session, firm_id: int, role: FirmRole | None = None) -> int:
    """Return how many people the firm has now, of one role or of all."""
    query = select(func.count(FirmPerson.id)).where(
        FirmPerson.firm_id == firm_id, FirmPerson.until.is_(None)
    )
    if role is not None:
        query = query.where(FirmPerson.role == role.value)
    return session.scalar(query) or 0
