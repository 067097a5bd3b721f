"""Labs as everybody may see them, any number of them by the same few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from labops.domain.labs.classes import CLASSES
from labops.domain.labs.models import (
    Lab,
    LabAddress,
    LabHours,
    LabMachine,
    LabMachineMaterial,
    LabMachineProcess,
    LabService,
)
from labops.domain.labs.own_sites import SiteMachine, hours_of_sites, machines_of_sites
from labops.domain.labs.qualified import Standing
from labops.domain.labs.verifying import verified
from labops.domain.machines.states import MachineState


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """A seat of a lab."""

    id: int
    street: str
    postcode: str
    city: str
    province: str
    country: str
    municipio: int | None
    latitude: float | None
    longitude: float | None
    is_main: bool
    shown: bool

    @property
    def point(self) -> tuple[float, float] | None:
        """Return degrees north and east, when they are known."""
        if self.latitude is None or self.longitude is None:
            return None
        return self.latitude, self.longitude

    @property
    def line(self) -> str:
        """Return street and city in a line."""
        city = f"{self.postcode} {self.city}".strip()
        return ", ".join(part for part in (self.street, city) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineView:
    """A machine of a lab; lengths in mm. `materials` gives the thickest of each, if known."""

    uid: str
    name: str
    maker: str
    model: str
    machine_class: str
    processes: Sequence[str]
    count: int
    width_mm: float | None
    depth_mm: float | None
    height_mm: float | None
    tolerance_mm: float | None
    thickness_mm: float | None
    power_w: float | None
    state: str
    back_on: date | None
    verified_on: date | None
    materials: Mapping[str, float | None]
    slug: str = ""  # in our own inventory

    @property
    def envelope_mm(self) -> list[float] | None:
        """Return width, depth and, when known, height of the largest workpiece."""
        sides = [side for side in (self.width_mm, self.depth_mm, self.height_mm) if side]
        return sides or None

    @property
    def in_service(self) -> bool:
        """Say whether it can be used."""
        return self.state == MachineState.IN_SERVICE

    def class_name(self, language: str) -> str:
        """Return what kind of machine it is, in words; nothing when nobody knows."""
        found = CLASSES.get(self.machine_class)
        return found.name(language) if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabView:
    """Everything of a lab that is public."""

    id: int
    slug: str
    site_id: int | None
    public_name: str
    description_it: str
    description_en: str
    website: str
    price_list: str
    email: str
    phone: str
    languages: Sequence[str]
    skills: Sequence[str]
    accessibility: Sequence[str]
    hours_note_it: str
    hours_note_en: str
    revised_at: datetime
    places: Sequence[PlaceView]
    machines: Sequence[MachineView]
    services: Sequence[str]
    hours: Sequence[tuple[int, int, int]]
    verified_on: Mapping[str, date]
    standing: Standing | None

    @property
    def place(self) -> PlaceView | None:
        """Return the seat that stands on the map."""
        return self.places[0] if self.places else None

    @property
    def processes(self) -> list[str]:
        """Return what its machines do, each once, by identifier."""
        return sorted({each for machine in self.machines for each in machine.processes})

    @property
    def materials(self) -> list[str]:
        """Return what its machines work, each once, by identifier."""
        return sorted({each for machine in self.machines for each in machine.materials})

    def description(self, language: str) -> str:
        """Return its description in the language, or in the other when there is none."""
        if language == "it":
            return self.description_it or self.description_en
        return self.description_en or self.description_it

    def hours_note(self, language: str) -> str:
        """Return what it adds to its opening hours."""
        if language == "it":
            return self.hours_note_it or self.hours_note_en
        return self.hours_note_en or self.hours_note_it


_COLUMNS = (
    "id", "slug", "site_id", "public_name", "description_it", "description_en",
    "website", "price_list", "email", "phone", "languages", "skills", "accessibility",
    "hours_note_it", "hours_note_en", "revised_at",
)  # fmt: skip
_PLACE = (
    "id", "street", "postcode", "city", "province", "country", "municipio", "latitude",
    "longitude", "is_main", "shown",
)  # fmt: skip
_MACHINE = (
    "uid", "name", "maker", "model", "machine_class", "count", "width_mm", "depth_mm",
    "height_mm", "tolerance_mm", "thickness_mm", "power_w", "state", "back_on", "verified_on",
)  # fmt: skip


@dataclass(slots=True)
class _Parts:
    places: dict[int, list[PlaceView]] = field(default_factory=lambda: defaultdict(list))
    machines: dict[int, list[MachineView]] = field(default_factory=lambda: defaultdict(list))
    services: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    hours: dict[int, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))


def labs_by_id(
    session: Session,
    lab_ids: Sequence[int],
    *,
    standings: Mapping[int, Standing] | None = None,
    every_place: bool = False,
) -> list[LabView]:
    """Return the labs in the order of the ids. `every_place`: also addresses that are not shown."""
    wanted = select(Lab.id).where(Lab.id.in_(lab_ids))
    rows = session.execute(
        select(*(getattr(Lab, name) for name in _COLUMNS)).where(Lab.id.in_(lab_ids))
    ).mappings()
    labs = {row["id"]: dict(row) for row in rows}
    parts = _parts(session, wanted, every_place=every_place)
    own = {lab["site_id"]: lab_id for lab_id, lab in labs.items() if lab["site_id"]}
    if own:
        for site_id, machines in machines_of_sites(session, list(own)).items():
            parts.machines[own[site_id]] = [_of_inventory(machine) for machine in machines]
        for site_id, spans in hours_of_sites(session, list(own)).items():
            parts.hours[own[site_id]] = spans
    facts = verified(session, list(labs))
    return [
        LabView(
            **labs[lab_id],
            places=parts.places[lab_id],
            machines=parts.machines[lab_id],
            services=parts.services[lab_id],
            hours=parts.hours[lab_id],
            verified_on=facts[lab_id],
            standing=(standings or {}).get(lab_id),
        )
        for lab_id in lab_ids
        if lab_id in labs
    ]


def _parts(session: Session, wanted: Select[int], *, every_place: bool) -> _Parts:
    parts = _Parts()
    places = (
        select(LabAddress.lab_id, *(getattr(LabAddress, name) for name in _PLACE))
        .where(LabAddress.lab_id.in_(wanted), *(() if every_place else (LabAddress.shown,)))
        .order_by(LabAddress.is_main.desc(), LabAddress.id)
    )
    for row in session.execute(places).mappings():
        values = dict(row)
        parts.places[values.pop("lab_id")].append(PlaceView(**values))
    for lab_id, service in session.execute(
        select(LabService.lab_id, LabService.service)
        .where(LabService.lab_id.in_(wanted))
        .order_by(LabService.service)
    ):
        parts.services[lab_id].append(service)
    for lab_id, *span in session.execute(
        select(LabHours.lab_id, LabHours.weekday, LabHours.opens_minute, LabHours.closes_minute)
        .where(LabHours.lab_id.in_(wanted))
        .order_by(LabHours.weekday, LabHours.opens_minute)
    ):
        parts.hours[lab_id].append((span[0], span[1], span[2]))
    _add_machines(session, wanted, parts)
    return parts


def _add_machines(session: Session, wanted: Select[int], parts: _Parts) -> None:
    ids = select(LabMachine.id).where(LabMachine.lab_id.in_(wanted))
    processes: dict[int, list[str]] = defaultdict(list)
    for machine_id, process in session.execute(
        select(LabMachineProcess.lab_machine_id, LabMachineProcess.process)
        .where(LabMachineProcess.lab_machine_id.in_(ids))
        .order_by(LabMachineProcess.process)
    ):
        processes[machine_id].append(process)
    materials: dict[int, dict[str, float | None]] = defaultdict(dict)
    for machine_id, material, thickness in session.execute(
        select(
            LabMachineMaterial.lab_machine_id,
            LabMachineMaterial.material,
            LabMachineMaterial.thickness_mm,
        )
        .where(LabMachineMaterial.lab_machine_id.in_(ids))
        .order_by(LabMachineMaterial.material)
    ):
        materials[machine_id][material] = thickness
    rows = session.execute(
        select(LabMachine.id, LabMachine.lab_id, *(getattr(LabMachine, name) for name in _MACHINE))
        .where(LabMachine.lab_id.in_(wanted), LabMachine.state != MachineState.RETIRED)
        .order_by(LabMachine.name, LabMachine.id)
    ).mappings()
    for row in rows:
        values = dict(row)
        machine_id, lab_id = values.pop("id"), values.pop("lab_id")
        parts.machines[lab_id].append(
            MachineView(**values, processes=processes[machine_id], materials=materials[machine_id])
        )


def _of_inventory(machine: SiteMachine) -> MachineView:
    return MachineView(
        uid=machine.slug,
        slug=machine.slug,
        name=machine.name,
        maker=machine.maker,
        model=machine.model,
        machine_class="",
        processes=[machine.process],
        count=machine.capacity,
        width_mm=machine.width_mm,
        depth_mm=machine.depth_mm,
        height_mm=machine.height_mm,
        tolerance_mm=None,
        thickness_mm=None,
        power_w=None,
        state=machine.state,
        back_on=None,
        verified_on=machine.revised_on,
        materials=dict.fromkeys(machine.materials),
    )
