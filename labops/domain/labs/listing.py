"""The public list: which of the labs on it somebody looks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, or_, select
from sqlalchemy.orm import Session

from labops.domain.labs.models import (
    Lab,
    LabAddress,
    LabMachine,
    LabMachineMaterial,
    LabMachineProcess,
    LabService,
)
from labops.domain.labs.vocabulary import MATERIALS
from labops.domain.machines.models import Machine
from labops.domain.machines.processes import PROCESSES
from labops.domain.machines.states import MachineState

EARTH_KM = 6371.0088
MOST_WORDS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSearch:
    """What is looked for; everything that is given must hold.

    `size_mm` is the work: two sides that go either way round, and a height when it has one.
    One machine in service must do the process, work the material and hold the work. `near` is
    degrees north and east: then the nearest come first, and none beyond `radius_km`.
    """

    process: str = ""
    material: str = ""
    municipio: int | None = None
    service: str = ""
    access: str = ""
    size_mm: tuple[float, ...] = ()
    words: str = ""
    near: tuple[float, float] | None = None
    radius_km: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """A lab that was found, where it is, and how far from where one looks."""

    lab_id: int
    slug: str
    name: str
    latitude: float | None
    longitude: float | None
    distance_km: float | None = None


def find_labs(session: Session, qualified: Select[int], wanted: LabSearch) -> list[Point]:
    """Return the labs among the qualified ones that fit, by name or the nearest first."""
    rows = session.execute(
        select(Lab.id, Lab.slug, Lab.public_name, LabAddress.latitude, LabAddress.longitude)
        .outerjoin(
            LabAddress, and_(LabAddress.lab_id == Lab.id, LabAddress.is_main, LabAddress.shown)
        )
        .where(Lab.id.in_(qualified), *_conditions(wanted))
        .order_by(func.lower(Lab.public_name), Lab.id)
    )
    points = [Point(*row) for row in rows]
    return points if wanted.near is None else _nearest(points, wanted.near, wanted.radius_km)


def km_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance of two points in degrees north and east, along the ground."""
    north, east, other_north, other_east = map(math.radians, (*one, *other))
    half = (
        math.sin((other_north - north) / 2) ** 2
        + math.cos(north) * math.cos(other_north) * math.sin((other_east - east) / 2) ** 2
    )
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _nearest(
    points: Sequence[Point], near: tuple[float, float], radius_km: float | None
) -> list[Point]:
    measured = [
        Point(
            point.lab_id,
            point.slug,
            point.name,
            point.latitude,
            point.longitude,
            km_between(near, (point.latitude, point.longitude)),
        )
        for point in points
        if point.latitude is not None and point.longitude is not None
    ]
    within = [
        point for point in measured if radius_km is None or (point.distance_km or 0.0) <= radius_km
    ]
    return sorted(within, key=lambda point: (point.distance_km or 0.0, point.lab_id))


def _conditions(wanted: LabSearch) -> list[ColumnElement[bool]]:
    conditions = [_holds(word) for word in wanted.words.split()[:MOST_WORDS]]
    if wanted.process or wanted.material or wanted.size_mm:
        conditions.append(or_(_has_machine(wanted), _site_has_machine(wanted)))
    if wanted.municipio is not None:
        conditions.append(
            Lab.id.in_(
                select(LabAddress.lab_id).where(
                    LabAddress.municipio == wanted.municipio, LabAddress.shown
                )
            )
        )
    if wanted.service:
        conditions.append(
            Lab.id.in_(select(LabService.lab_id).where(LabService.service == wanted.service))
        )
    if wanted.access:
        conditions.append(_in_list(Lab.accessibility, wanted.access))
    return conditions


def _has_machine(wanted: LabSearch) -> ColumnElement[bool]:
    machine = select(LabMachine.lab_id).where(LabMachine.state == MachineState.IN_SERVICE)
    if wanted.process:
        machine = machine.where(
            LabMachine.id.in_(
                select(LabMachineProcess.lab_machine_id).where(
                    LabMachineProcess.process == wanted.process
                )
            )
        )
    if wanted.material:
        machine = machine.where(
            LabMachine.id.in_(
                select(LabMachineMaterial.lab_machine_id).where(
                    LabMachineMaterial.material == wanted.material
                )
            )
        )
    return Lab.id.in_(machine.where(*_holding(LabMachine, wanted.size_mm)))


def _site_has_machine(wanted: LabSearch) -> ColumnElement[bool]:
    machine = select(Machine.site_id).where(Machine.state == MachineState.IN_SERVICE)
    if wanted.process:
        machine = machine.where(Machine.process == wanted.process)
    if wanted.material:
        machine = machine.where(_in_list(Machine.materials, wanted.material))
    return Lab.site_id.in_(machine.where(*_holding(Machine, wanted.size_mm)))


def _holding(
    machine: type[LabMachine | Machine], size_mm: tuple[float, ...]
) -> list[ColumnElement[bool]]:
    """Return what is true of a machine whose envelope holds the work."""
    if not size_mm:
        return []
    width, depth = machine.width_mm, machine.depth_mm
    longer, shorter = max(size_mm[:2]), min(size_mm[:2])
    conditions = [
        case((width > depth, width), else_=depth) >= longer,
        case((width > depth, depth), else_=width) >= shorter,
    ]
    if len(size_mm) > 2:  # noqa: PLR2004 - a height
        conditions.append(machine.height_mm >= size_mm[2])
    return conditions


def _in_list(column: object, word: str) -> ColumnElement[bool]:
    """Say that a list of words, kept as JSON, holds a word."""
    return cast(column, String).contains(f'"{word}"', autoescape=True)


def _holds(word: str) -> ColumnElement[bool]:
    """Say that a word stands in what a lab says, what it has, or what that is called."""
    texts = (Lab.public_name, Lab.description_it, Lab.description_en, cast(Lab.skills, String))
    machines = select(LabMachine.lab_id).where(
        or_(
            *(
                column.icontains(word, autoescape=True)
                for column in (LabMachine.name, LabMachine.maker, LabMachine.model)
            )
        )
    )
    at_sites = select(Machine.site_id).where(Machine.name.icontains(word, autoescape=True))
    places = select(LabAddress.lab_id).where(
        LabAddress.shown,
        or_(
            LabAddress.city.icontains(word, autoescape=True),
            LabAddress.street.icontains(word, autoescape=True),
        ),
    )
    return or_(
        *(text.icontains(word, autoescape=True) for text in texts),
        Lab.id.in_(machines),
        Lab.site_id.in_(at_sites),
        Lab.id.in_(places),
        *_called(word),
    )


def _called(word: str) -> list[ColumnElement[bool]]:
    """Return that a lab does or works what is called by the word in either language."""
    asked = word.casefold()
    processes = [key for key, names in PROCESSES.items() if _named(asked, key, names)]
    materials = [key for key, names in MATERIALS.items() if _named(asked, key, names)]
    found: list[ColumnElement[bool]] = []
    if processes:
        machines = select(LabMachine.lab_id).join(
            LabMachineProcess, LabMachineProcess.lab_machine_id == LabMachine.id
        )
        found.append(Lab.id.in_(machines.where(LabMachineProcess.process.in_(processes))))
        found.append(Lab.site_id.in_(select(Machine.site_id).where(Machine.process.in_(processes))))
    if materials:
        machines = select(LabMachine.lab_id).join(
            LabMachineMaterial, LabMachineMaterial.lab_machine_id == LabMachine.id
        )
        found.append(Lab.id.in_(machines.where(LabMachineMaterial.material.in_(materials))))
    return found


def _named(asked: str, key: str, names: tuple[str, str]) -> bool:
    return asked == key or any(asked in name.casefold() for name in names)
