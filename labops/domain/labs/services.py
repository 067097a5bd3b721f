"""Use cases of labs: recording one, and changing what it says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from labops.domain.labs import checking
from labops.domain.labs.commands import (
    DescribeLab,
    DescribeLabMachine,
    Opening,
    RecordLab,
)
from labops.domain.labs.models import (
    Lab,
    LabAddress,
    LabHours,
    LabMachine,
    LabMachineMaterial,
    LabMachineProcess,
    LabService,
)
from labops.domain.labs.public import FACTS
from labops.domain.labs.rights import editable, today
from labops.domain.labs.verifying import note_verified
from labops.kernel import audit
from labops.kernel.db import is_sqlite, unit_of_work
from labops.kernel.errors import Changed, Invalid
from labops.kernel.ids import slug_of
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line, without_controls

_TEXTS = ("description_it", "description_en")
_LISTS = ("languages", "skills", "accessibility")
MOST_SKILLS = 20
_NAMING = (2026, 1)  # the lock of whoever gives a lab its address
LONGEST_SKILL = 60
MOST_MACHINES = 200
# Addresses under /labs/ that are pages of their own.
RESERVED = frozenset({"all", "catalogue", "mine", "new", "widget"})


def record_lab(command: RecordLab, *, actor: Actor, now: datetime) -> int:
    """Record a lab and return its id; raises `Invalid`. Only officers record labs of others."""
    actor.require(Permission.LAB_EDIT, None)
    with unit_of_work() as session:
        return add_lab(session, command, actor=actor, now=now).id


def add_lab(session: Session, command: RecordLab, *, actor: Actor, now: datetime) -> Lab:
    """Record a lab inside the caller's transaction, who checks the right to; raises `Invalid`."""
    described = cleaned(command.lab)
    problems = [
        *checking.problems_of_lab(described),
        *(found for place in command.places for found in checking.problems_of_place(place)),
        *(found for each in command.machines for found in checking.problems_of_machine(each)),
        *(found for each in command.openings for found in checking.problems_of_opening(each)),
    ]
    if problems:
        raise Invalid(problems)
    lab = Lab(
        slug=free_slug(session, command.slug or described.public_name),
        source=command.source,
        source_ref=command.source_ref[:300],
        site_id=command.site_id,
        created_at=now,
        revised_at=now,
    )
    _write(lab, described)
    session.add(lab)
    session.flush()
    set_services(session, lab.id, described.services)
    for place in command.places:
        session.add(LabAddress(lab_id=lab.id, **_values(place)))
    set_openings(session, lab.id, command.openings)
    for machine in command.machines:
        add_machine_row(session, lab.id, machine)
    audit.record(
        session, actor, "lab.recorded", f"lab:{lab.uid}", now=now, after={"source": command.source}
    )
    return lab


def describe_lab(
    lab_id: int,
    command: DescribeLab,
    *,
    actor: Actor,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Change what a lab says of itself; what is public of it counts as verified from now on.

    Raises `Changed` when the lab is not what it was at `revision`, and `Invalid`.
    """
    command = cleaned(command)
    with unit_of_work() as session:
        lab = editable(session, lab_id, actor, now=now, locked=True)
        if revision is not None and lab.revision != revision:
            raise Changed
        problems = list(checking.problems_of_lab(command))
        if problems:
            raise Invalid(problems)
        before = {name: getattr(lab, name) for name in _plain_names() if name != "hourly_rate"}
        if lab.website != command.website:  # another site was never asked
            lab.probed_at = lab.silent_since = lab.silence_seen_at = None
            lab.probe_failure = ""
        _write(lab, command)
        set_services(session, lab.id, command.services)
        touch(lab, now)
        note_verified(session, lab.id, FACTS.of_description, on=today(now))
        after = {name: getattr(lab, name) for name in before}
        changed = [name for name in before if before[name] != after[name]]
        audit.record(
            session,
            actor,
            "lab.described",
            f"lab:{lab.uid}",
            now=now,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )


def open_lab(lab_id: int, openings: Sequence[Opening], *, actor: Actor, now: datetime) -> None:
    """Change when a lab is open each week; raises `Invalid`."""
    with unit_of_work() as session:
        lab = editable(session, lab_id, actor, now=now, locked=True)
        problems = [found for each in openings for found in checking.problems_of_opening(each)]
        if problems:
            raise Invalid(problems)
        set_openings(session, lab.id, openings)
        touch(lab, now)
        note_verified(session, lab.id, FACTS.of_hours, on=today(now))
        audit.record(session, actor, "lab.opened", f"lab:{lab.uid}", now=now)


def note_internally(lab_id: int, note: str, *, actor: Actor, now: datetime) -> None:
    """Change what officers note about a lab; the lab never reads it."""
    actor.require(Permission.LAB_EDIT, None)
    with unit_of_work() as session:
        lab = editable(session, lab_id, actor, now=now, locked=True)
        lab.internal_note = without_controls(note).strip()[:4000]
        audit.record(session, actor, "lab.noted", f"lab:{lab.uid}", now=now)


def touch(lab: Lab, now: datetime) -> None:
    """Note that a lab changed, so that whatever is kept of it is made anew."""
    lab.revised_at = now
    lab.revision += 1


def free_slug(session: Session, name: str) -> str:
    """Return an address part made of the name that no lab has; addresses are never given again."""
    if not is_sqlite(session):  # where nobody else writes meanwhile
        session.execute(select(func.pg_advisory_xact_lock(*_NAMING)))
    base = slug_of(name)[:54].strip("-") or "lab"
    taken = RESERVED | set(session.scalars(select(Lab.slug).where(Lab.slug.like(f"{base}%"))))
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def add_machine_row(session: Session, lab_id: int, command: DescribeLabMachine) -> LabMachine:
    """Add a machine to a lab inside the caller's transaction, who checked it."""
    machine = LabMachine(lab_id=lab_id)
    session.add(machine)
    write_machine(session, machine, command)
    return machine


def write_machine(session: Session, machine: LabMachine, command: DescribeLabMachine) -> None:
    """Write what is known of a machine over what was."""
    for name, value in _values(command).items():
        if name not in {"processes", "materials"}:
            setattr(machine, name, value)
    session.flush()
    for table in (LabMachineProcess, LabMachineMaterial):
        session.execute(delete(table).where(table.lab_machine_id == machine.id))
    session.add_all(
        LabMachineProcess(lab_machine_id=machine.id, process=process)
        for process in dict.fromkeys(command.processes)
    )
    session.add_all(
        LabMachineMaterial(lab_machine_id=machine.id, material=material, thickness_mm=thickness)
        for material, thickness in command.materials.items()
    )


def set_services(session: Session, lab_id: int, services: Iterable[str]) -> None:
    """Write which services a lab offers over what was."""
    session.execute(delete(LabService).where(LabService.lab_id == lab_id))
    session.add_all(
        LabService(lab_id=lab_id, service=service) for service in dict.fromkeys(services)
    )


def set_openings(session: Session, lab_id: int, openings: Iterable[Opening]) -> None:
    """Write when a lab is open over what was."""
    session.execute(delete(LabHours).where(LabHours.lab_id == lab_id))
    session.add_all(LabHours(lab_id=lab_id, **_values(opening)) for opening in openings)


def cleaned(command: DescribeLab) -> DescribeLab:
    """Return what was typed without signs that no text has, numbers in their one spelling."""
    values: dict[str, Any] = {}
    for name, value in _values(command).items():
        if name in _TEXTS:
            values[name] = without_controls(value).strip()
        elif isinstance(value, str) and name != "legal_form":
            values[name] = one_line(value)
    skills = (one_line(skill)[:LONGEST_SKILL] for skill in command.skills)
    values["skills"] = tuple(dict.fromkeys(filter(None, skills)))[:MOST_SKILLS]
    values["vat_number"] = checking.compact_vat(values["vat_number"])
    values["tax_code"] = checking.compact_tax_code(values["tax_code"])
    return replace(command, **values)


def _write(lab: Lab, command: DescribeLab) -> None:
    for name in _plain_names():
        setattr(lab, name, getattr(command, name))
    for name in _LISTS:
        setattr(lab, name, list(getattr(command, name)))


def _plain_names() -> list[str]:
    return [each.name for each in fields(DescribeLab) if each.name not in {*_LISTS, "services"}]


def _values(command: Any) -> dict[str, Any]:
    return {each.name: getattr(command, each.name) for each in fields(command)}
