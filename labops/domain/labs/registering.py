"""Bringing one's own lab in, to apply for a place on the list with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.labs import services
from labops.domain.labs.commands import DescribeLab, PlaceLab, RecordLab
from labops.domain.labs.models import LabRepresentative
from labops.domain.labs.representatives import appoint
from labops.domain.labs.rights import running, today
from labops.domain.labs.states import LabSource, RepresentativeRole
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Forbidden, Problem, Refused
from labops.kernel.permissions import Actor, Permission

MOST_LABS = 5


def register_lab(command: DescribeLab, place: PlaceLab, *, actor: Actor, now: datetime) -> str:
    """Record a lab, let whoever does so speak for it, and return its slug.

    An officer records labs of others, and speaks for none. Raises `Invalid`, `Refused`.
    """
    person_id = actor.require_person()
    actor.require_write()
    if actor.suspended:
        raise Forbidden
    officer = actor.may(Permission.LAB_EDIT, None)
    with unit_of_work() as session:
        if not officer:
            refuse_too_many(session, person_id, now=now)
        source = LabSource.OFFICER if officer else LabSource.APPLICATION
        record = RecordLab(lab=command, places=(place,), source=source)
        lab = services.add_lab(session, record, actor=actor, now=now)
        if not officer:
            appoint(session, lab, person_id, RepresentativeRole.OWNER, actor=actor, now=now)
        return lab.slug


def refuse_too_many(session: Session, person_id: int, *, now: datetime) -> None:
    """Raise `Refused` when a person speaks for as many labs as anybody may bring in."""
    count = session.scalar(
        select(func.count(LabRepresentative.lab_id.distinct())).where(
            LabRepresentative.person_id == person_id, *running(today(now))
        )
    )
    if (count or 0) >= MOST_LABS:
        raise Refused([Problem("lab.too-many", {"most": MOST_LABS})])
