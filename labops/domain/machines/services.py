"""Use cases of the inventory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labops.domain.machines.models import Machine, MachineType
from labops.domain.machines.processes import PROCESSES
from labops.domain.machines.states import MachineState
from labops.domain.sites.models import Site
from labops.domain.spaces.models import Bookable, Space
from labops.kernel import audit, ledger
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.ids import slug_of
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line

LARGEST_MM = 100_000
MOST_UNITS = 500
LONGEST_BUFFER = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeMachine:
    """Everything a machine's form or a line of the inventory file says. Lengths in mm."""

    name: str
    machine_type: str
    process: str = ""
    maker: str = ""
    model: str = ""
    serial: str = ""
    width_mm: float | None = None
    depth_mm: float | None = None
    height_mm: float | None = None
    materials: tuple[str, ...] = ()
    capacity: int = 1
    setup_minutes: int = 0
    cleanup_minutes: int = 0
    certification_needed: bool = False
    space: str = ""
    description: str = ""
    state: MachineState = MachineState.IN_SERVICE
    slug: str = ""


def install(site_id: int, command: DescribeMachine, *, actor: Actor, now: datetime) -> str:
    """Add a machine to a site and return its slug.

    Raises `Forbidden`, or `Invalid` naming each wrong field.
    """
    actor.require(Permission.MACHINE_EDIT, site_id)
    with unit_of_work() as session:
        return add_machine(session, site_id, command, actor=actor, now=now).slug


def describe(slug: str, command: DescribeMachine, *, actor: Actor, now: datetime) -> None:
    """Change what a machine says of itself; raises `NotFound` for one of another site's staff."""
    with unit_of_work() as session:
        machine = _machine(session, slug, actor)
        before = _told(machine)
        _write(session, machine, command, now=now)
        audit.record(
            session,
            actor,
            "machine.described",
            f"machine:{slug}",
            now=now,
            before=before,
            after=_told(machine),
        )


def describe_row(
    session: Session, command: DescribeMachine, *, actor: Actor, now: datetime
) -> None:
    """Change a known machine by its line of a file, inside the caller's transaction."""
    machine = _machine(session, command.slug, actor)
    _write(session, machine, command, now=now)
    machine.state = command.state


def set_state(slug: str, state: MachineState, *, reason: str, actor: Actor, now: datetime) -> None:
    """Put a machine in or out of service, or retire it; out of service needs a reason."""
    if state is MachineState.OUT_OF_SERVICE and not reason.strip():
        raise Invalid.field("reason", "field.required")
    with unit_of_work() as session:
        machine = _machine(session, slug, actor)
        # Whoever is granting time on it reads its state under the same lock: without it a
        # booking could be confirmed on a machine that has just gone out of service.
        ledger.lock(session, bookables=[machine.id])
        session.refresh(machine)
        before = machine.state
        machine.state = state
        machine.state_reason = one_line(reason)[:300]
        machine.revised_at = now
        audit.record(
            session,
            actor,
            f"machine.{state.replace('_', '-')}",
            f"machine:{slug}",
            now=now,
            before={"state": before},
            after={"state": state},
            reason=reason,
        )


def set_photo(slug: str, photo: str, *, actor: Actor, now: datetime) -> str:
    """Give a machine the photo of that name, or none; return the name of the one before."""
    with unit_of_work() as session:
        machine = _machine(session, slug, actor)
        # Two photos sent at once: the second replaces the first, and neither file is left over.
        ledger.lock(session, bookables=[machine.id])
        session.refresh(machine)
        before, machine.photo = machine.photo, photo
        machine.revised_at = now
        audit.record(
            session,
            actor,
            "machine.photographed",
            f"machine:{slug}",
            now=now,
            before={"photo": before},
            after={"photo": photo},
        )
        return before


def add_machine_type(
    session: Session, slug: str, *, name_it: str, name_en: str, process: str
) -> MachineType:
    """Add a machine type inside the caller's transaction, or return the one there is."""
    known = session.scalar(select(MachineType).where(MachineType.slug == slug))
    if known is not None:
        return known
    machine_type = MachineType(slug=slug, name_it=name_it, name_en=name_en, process=process)
    session.add(machine_type)
    session.flush()  # machines need its id
    return machine_type


def add_machine(
    session: Session, site_id: int, command: DescribeMachine, *, actor: Actor, now: datetime
) -> Machine:
    """Add a machine inside the caller's transaction; raises `Invalid`."""
    machine = Machine(site_id=site_id, slug=command.slug or free_slug(session, command.name))
    _write(session, machine, command, now=now)
    machine.state = command.state
    session.add(machine)
    session.flush()  # its id is needed for bookings and stations
    audit.record(
        session,
        actor,
        "machine.installed",
        f"machine:{machine.slug}",
        now=now,
        after=_told(machine),
    )
    return machine


def free_slug(session: Session, name: str) -> str:
    """Return an address part made of the name that no bookable has yet."""
    base = slug_of(name) or "machine"
    taken = set(session.scalars(select(Bookable.slug).where(Bookable.slug.like(f"{base}%"))))
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def problems_of(session: Session, site_id: int, command: DescribeMachine) -> list[Problem]:
    """Return what is wrong with the fields, each problem naming its field."""
    problems = [
        Problem("field.out-of-range", {"field": name, "lowest": lowest, "highest": highest})
        for name, lowest, highest in (
            ("capacity", 1, MOST_UNITS),
            ("setup_minutes", 0, LONGEST_BUFFER),
            ("cleanup_minutes", 0, LONGEST_BUFFER),
            ("width_mm", 0.001, LARGEST_MM),
            ("depth_mm", 0.001, LARGEST_MM),
            ("height_mm", 0.001, LARGEST_MM),
        )
        if (value := getattr(command, name)) is not None and not lowest <= value <= highest
    ]
    if not one_line(command.name):
        problems.append(Problem("field.required", {"field": "name"}))
    if command.process and command.process not in PROCESSES:
        problems.append(
            Problem("field.not-offered", {"field": "process", "value": command.process})
        )
    if _type(session, command.machine_type) is None:
        problems.append(
            Problem("field.not-offered", {"field": "machine_type", "value": command.machine_type})
        )
    if command.space and _space(session, site_id, command.space) is None:
        problems.append(Problem("field.not-offered", {"field": "space", "value": command.space}))
    return problems


def _write(session: Session, machine: Machine, command: DescribeMachine, *, now: datetime) -> None:
    problems = problems_of(session, machine.site_id, command)
    if problems:
        raise Invalid(problems)
    machine_type = _type(session, command.machine_type)
    assert machine_type is not None  # noqa: S101 - problems_of has looked
    space = _space(session, machine.site_id, command.space) if command.space else None
    machine.machine_type_id = machine_type.id
    machine.process = command.process or machine_type.process
    machine.space_id = space.id if space else None
    name = one_line(command.name)[:120]
    if machine.name not in {None, name}:
        _bump(session, machine.site_id)
    machine.name = name
    machine.materials = list(command.materials)
    for name in ("maker", "model", "serial"):
        setattr(machine, name, one_line(getattr(command, name))[:80])
    for name in (
        "width_mm",
        "depth_mm",
        "height_mm",
        "capacity",
        "setup_minutes",
        "cleanup_minutes",
        "certification_needed",
        "description",
    ):
        setattr(machine, name, getattr(command, name))
    machine.revised_at = now


def _bump(session: Session, site_id: int) -> None:
    """Count a change of what calendars show, so that they fetch it."""
    session.execute(update(Site).where(Site.id == site_id).values(revision=Site.revision + 1))


def _machine(session: Session, slug: str, actor: Actor) -> Machine:
    machine = session.scalar(select(Machine).where(Machine.slug == slug))
    if machine is None:
        raise NotFound
    actor.require(Permission.MACHINE_EDIT, machine.site_id)
    return machine


def _type(session: Session, slug: str) -> MachineType | None:
    return session.scalar(select(MachineType).where(MachineType.slug == slug))


def _space(session: Session, site_id: int, slug: str) -> Space | None:
    return session.scalar(select(Space).where(Space.slug == slug, Space.site_id == site_id))


def _told(machine: Machine) -> dict[str, Any]:
    return {
        name: getattr(machine, name)
        for name in ("name", "maker", "model", "capacity", "certification_needed", "state")
    }
