"""Which labs are on the list on a day: what matching, pages and open data ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from labops.domain.qualifications.models import Qualification


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationView:
    """A lab's place on the list on a day: since when, and for how long the act holds."""

    lab_id: int
    application_id: int
    on_list_since: date
    valid_from: date
    valid_to: date


def qualified_lab_ids(session: Session, on: date) -> Select[int]:
    """Return a select of the ids of the labs that are on the list on the day."""
    del session
    return select(Qualification.lab_id).where(
        Qualification.starts_on <= on, Qualification.ends_on >= on
    )


def qualification_of(session: Session, lab_id: int, on: date) -> QualificationView | None:
    """Return the lab's place on the day, if it has one."""
    return qualifications(session, on, lab_id=lab_id).get(lab_id)


def qualifications(
    session: Session, on: date, *, lab_id: int | None = None
) -> Mapping[int, QualificationView]:
    """Return by lab the place that it has on the day."""
    query = select(Qualification).where(Qualification.starts_on <= on, Qualification.ends_on >= on)
    if lab_id is not None:
        query = query.where(Qualification.lab_id == lab_id)
    return {
        row.lab_id: QualificationView(
            lab_id=row.lab_id,
            application_id=row.application_id,
            on_list_since=row.starts_on,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in session.scalars(query.order_by(Qualification.id))
    }


def history(session: Session, lab_id: int | None = None) -> list[Qualification]:
    """Return every place that was ever had, oldest first: the list's history."""
    query = select(Qualification).order_by(Qualification.starts_on, Qualification.id)
    if lab_id is not None:
        query = query.where(Qualification.lab_id == lab_id)
    return list(session.scalars(query))
