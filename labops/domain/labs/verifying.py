"""When somebody last looked whether what is public about a lab is still true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from labops.domain.labs.models import LabFact
from labops.domain.labs.public import FACTS
from labops.domain.labs.rights import editable, today
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Actor


def verify_facts(lab_id: int, names: Sequence[str], *, actor: Actor, now: datetime) -> None:
    """Write down that these public fields were looked at today and are right."""
    if not names or not set(names) <= set(FACTS.every):
        raise Invalid.field("facts", "field.not-offered")
    with unit_of_work() as session:
        lab = editable(session, lab_id, actor, now=now, locked=True)
        note_verified(session, lab.id, names, on=today(now))
        audit.record(
            session,
            actor,
            "lab.verified",
            f"lab:{lab.uid}",
            now=now,
            after={"facts": sorted(names)},
        )


def note_verified(session: Session, lab_id: int, names: Iterable[str], *, on: date) -> None:
    """Write the day at each of the fields, inside the caller's transaction."""
    wanted = sorted(set(names))
    session.execute(delete(LabFact).where(LabFact.lab_id == lab_id, LabFact.field.in_(wanted)))
    session.add_all(LabFact(lab_id=lab_id, field=name, verified_on=on) for name in wanted)


def verified(session: Session, lab_ids: Sequence[int]) -> Mapping[int, dict[str, date]]:
    """Return by lab the day on which each of its public fields was last verified."""
    found: dict[int, dict[str, date]] = {lab_id: {} for lab_id in lab_ids}
    rows = session.execute(
        select(LabFact.lab_id, LabFact.field, LabFact.verified_on).where(
            LabFact.lab_id.in_(lab_ids)
        )
    )
    for lab_id, name, on in rows:
        found[lab_id][name] = on
    return found
