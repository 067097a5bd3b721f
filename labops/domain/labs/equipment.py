"""Use cases of what a lab has: its machines and its seats."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from labops.domain.labs import checking
from labops.domain.labs.classes import processes_of
from labops.domain.labs.commands import DescribeLabMachine, PlaceLab
from labops.domain.labs.models import (
    CatalogueModel,
    Lab,
    LabAddress,
    LabMachine,
    LabMachineMaterial,
    LabMachineProcess,
)
from labops.domain.labs.public import FACTS
from labops.domain.labs.rights import editable, today
from labops.domain.labs.services import MOST_MACHINES, add_machine_row, touch, write_machine
from labops.domain.labs.verifying import note_verified
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import Actor
from labops.kernel.text import one_line

MOST_PLACES = 10


def add_machine(lab_id: int, command: DescribeLabMachine, *, actor: Actor, now: datetime) -> str:
    """Add a machine to a lab and return its uid; raises `Invalid`, or `Refused` for our sites."""
    with unit_of_work() as session:
        lab = _with_machines_of_its_own(session, lab_id, actor, now)
        command = _checked(session, command)
        count = session.scalar(
            select(func.count()).select_from(LabMachine).where(LabMachine.lab_id == lab_id)
        )
        if (count or 0) >= MOST_MACHINES:
            raise Refused([Problem("lab.too-many-machines", {"most": MOST_MACHINES})])
        machine = add_machine_row(session, lab.id, command)
        machine.verified_on = today(now)
        session.flush()
        _note(session, lab, "lab.machine-added", machine.uid, actor=actor, now=now)
        return machine.uid


def change_machine(
    lab_id: int, uid: str, command: DescribeLabMachine, *, actor: Actor, now: datetime
) -> None:
    """Change what is known of a lab's machine; raises `Invalid`, `NotFound`."""
    with unit_of_work() as session:
        lab = _with_machines_of_its_own(session, lab_id, actor, now)
        machine = _machine(session, lab_id, uid)
        if command.catalogue_model_id is None:
            command = replace(command, catalogue_model_id=machine.catalogue_model_id)
        write_machine(session, machine, _checked(session, command))
        machine.verified_on = today(now)
        _note(session, lab, "lab.machine-changed", uid, actor=actor, now=now)


def remove_machine(lab_id: int, uid: str, *, actor: Actor, now: datetime) -> None:
    """Take a machine off a lab's page; raises `NotFound`."""
    with unit_of_work() as session:
        lab = _with_machines_of_its_own(session, lab_id, actor, now)
        machine = _machine(session, lab_id, uid)
        for table in (LabMachineProcess, LabMachineMaterial):
            session.execute(delete(table).where(table.lab_machine_id == machine.id))
        session.delete(machine)
        _note(session, lab, "lab.machine-removed", uid, actor=actor, now=now)


def place_lab(
    lab_id: int, command: PlaceLab, *, address_id: int | None = None, actor: Actor, now: datetime
) -> None:
    """Add a seat, or change the one of that number; one seat of a lab is the main one."""
    command = _cleaned(command)
    with unit_of_work() as session:
        lab = editable(session, lab_id, actor, now=now, locked=True)
        problems = list(checking.problems_of_place(command))
        if problems:
            raise Invalid(problems)
        others = session.scalars(
            select(LabAddress).where(
                LabAddress.lab_id == lab_id, LabAddress.id != (address_id or 0)
            )
        ).all()
        if address_id is None and len(others) >= MOST_PLACES:
            raise Refused([Problem("lab.too-many-places", {"most": MOST_PLACES})])
        if not any(other.is_main for other in others):
            command = replace(command, is_main=True)
        if command.is_main:
            session.execute(
                update(LabAddress).where(LabAddress.lab_id == lab_id).values(is_main=False)
            )
        address = _address(session, lab_id, address_id)
        for each in fields(command):
            setattr(address, each.name, getattr(command, each.name))
        touch(lab, now)
        note_verified(session, lab.id, FACTS.of_places, on=today(now))
        audit.record(session, actor, "lab.placed", f"lab:{lab.uid}", now=now)


def leave_place(lab_id: int, address_id: int, *, actor: Actor, now: datetime) -> None:
    """Forget a seat that is not the main one; raises `Refused` for that."""
    with unit_of_work() as session:
        lab = editable(session, lab_id, actor, now=now, locked=True)
        address = _address(session, lab_id, address_id)
        if address.is_main:
            raise Refused([Problem("lab.main-place")])
        session.delete(address)
        touch(lab, now)
        audit.record(session, actor, "lab.place-left", f"lab:{lab.uid}", now=now)


def _with_machines_of_its_own(session: Session, lab_id: int, actor: Actor, now: datetime) -> Lab:
    lab = editable(session, lab_id, actor, now=now, locked=True)
    if lab.site_id is not None:
        raise Refused([Problem("lab.machines-of-site")])
    return lab


def _checked(session: Session, command: DescribeLabMachine) -> DescribeLabMachine:
    command = replace(
        command,
        name=one_line(command.name),
        maker=one_line(command.maker),
        model=one_line(command.model),
        # What a machine of the class does, when nothing else was said.
        processes=command.processes or processes_of(command.machine_class),
    )
    problems = list(checking.problems_of_machine(command))
    if command.catalogue_model_id is not None and not session.get(
        CatalogueModel, command.catalogue_model_id
    ):
        problems.append(Problem("field.not-offered", {"field": "catalogue_model_id"}))
    if problems:
        raise Invalid(problems)
    return command


def _machine(session: Session, lab_id: int, uid: str) -> LabMachine:
    found = session.scalar(
        select(LabMachine).where(LabMachine.lab_id == lab_id, LabMachine.uid == uid)
    )
    if found is None:
        raise NotFound
    return found


def _address(session: Session, lab_id: int, address_id: int | None) -> LabAddress:
    if address_id is None:
        address = LabAddress(lab_id=lab_id)
        session.add(address)
        return address
    found = session.get(LabAddress, address_id)
    if found is None or found.lab_id != lab_id:
        raise NotFound
    return found


def _cleaned(command: PlaceLab) -> PlaceLab:
    texts = {
        each.name: one_line(getattr(command, each.name))
        for each in fields(command)
        if isinstance(getattr(command, each.name), str)
    }
    return replace(command, **texts)  # type: ignore[arg-type]


def _note(
    session: Session, lab: Lab, action: str, uid: str, *, actor: Actor, now: datetime
) -> None:
    touch(lab, now)
    note_verified(session, lab.id, FACTS.of_machines, on=today(now))
    audit.record(session, actor, action, f"lab:{lab.uid}", now=now, after={"machine": uid})
