"""Bringing lists of labs in: every lab is an unqualified record until it applies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.labs.commands import RecordLab
from labops.domain.labs.findings import NotMapped
from labops.domain.labs.models import Lab
from labops.domain.labs.reading_files import read_labs
from labops.domain.labs.services import add_lab
from labops.domain.labs.states import LabSource
from labops.kernel import audit
from labops.kernel.db import reading, unit_of_work
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class LabsImport:
    """What an import did, or would do. A lab that came before is left as it is."""

    added: int
    known: int
    machine_count: int
    not_mapped: Sequence[NotMapped]
    classes: Counter[str]


def import_labs(
    text: str,
    form: str,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    progress: Callable[[Iterable[RecordLab]], Iterable[RecordLab]] = iter,
) -> LabsImport:
    """Record the labs of a file that did not come before; raises `Invalid` for no such file.

    A lab is known again by where it came from. Whoever speaks for it may have changed it since,
    so that it is not written over.
    """
    actor.require(Permission.LAB_EDIT, None)
    read = read_labs(text, form)
    known = _known(reading())
    fresh: dict[str, RecordLab] = {}
    for lab in read.labs:
        if lab.source_ref not in known:
            fresh.setdefault(lab.source_ref, lab)
    if not dry_run:
        with unit_of_work() as session:
            for lab in progress(list(fresh.values())):
                add_lab(session, lab, actor=actor, now=now)
            audit.record(
                session, actor, "labs.imported", "labs", now=now, after={"added": len(fresh)}
            )
    return LabsImport(
        added=len(fresh),
        known=len(read.labs) - len(fresh),
        machine_count=sum(len(lab.machines) for lab in fresh.values()),
        not_mapped=read.not_mapped,
        classes=read.classes,
    )


def _known(session: Session) -> set[str]:
    return set(session.scalars(select(Lab.source_ref).where(Lab.source == LabSource.IMPORT)))
