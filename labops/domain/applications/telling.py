"""Whom mails about a case are for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.applications.casefile import CaseFile, has_interest
from labops.domain.applications.working_days import city_day
from labops.domain.labs.representatives import representative_ids
from labops.domain.people.models import Person, RoleGrant
from labops.kernel.permissions import Role


def lab_readers(session: Session, file: CaseFile, *, on: datetime) -> list[int]:
    """Return who speaks for the lab now."""
    return representative_ids(session, file.row.lab_id, on=city_day(on))


def city_readers(session: Session, file: CaseFile) -> list[int]:
    """Return the responsible officer; all officers while there is none, or she has an interest.

    Nobody with an interest in the lab is among them.
    """
    responsible = file.case.officer_id
    if responsible is not None and not has_interest(session, responsible, file.row.lab_id):
        return [responsible]
    query = select(RoleGrant.person_id).where(RoleGrant.role == Role.OFFICER).distinct()
    officers = session.scalars(query.order_by(RoleGrant.person_id))
    return [each for each in officers if not has_interest(session, each, file.row.lab_id)]


def officer_name(session: Session, file: CaseFile) -> str:
    """Return the name of who is responsible; empty before there is anybody."""
    if file.case.officer_id is None:
        return ""
    return session.scalars(select(Person.name).where(Person.id == file.case.officer_id)).one()
