"""Which labs are on the list: the one place where labs ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from labops.domain.labs.models import Lab
from labops.domain.qualifications import queries as places
from labops.domain.qualifications.models import Qualification


@dataclass(frozen=True, slots=True)
class Standing:
    """A lab's place on the list: the first and the last day of its act."""

    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Past:
    """That a lab was on the list, or is: from the first of these days to the last."""

    slug: str
    name: str
    starts_on: date
    ends_on: date


def lab_ids(session: Session, on: date) -> Select[int]:
    """Return a select of the ids of the labs that are on the list on the day."""
    return places.qualified_lab_ids(session, on)


def standings(session: Session, on: date) -> Mapping[int, Standing]:
    """Return by lab the place on the list that it has on the day."""
    found = places.qualifications(session, on)
    return {lab_id: Standing(each.valid_from, each.valid_to) for lab_id, each in found.items()}


def history(session: Session, on: date) -> list[Past]:
    """Return every place on the list that had begun by the day, the oldest first."""
    rows = session.execute(
        select(Lab.slug, Lab.public_name, Qualification.starts_on, Qualification.ends_on)
        .join(Lab, Lab.id == Qualification.lab_id)
        .where(Qualification.starts_on <= on)
        .order_by(Qualification.starts_on, Lab.slug, Qualification.id)
    )
    return [Past(*row) for row in rows]
