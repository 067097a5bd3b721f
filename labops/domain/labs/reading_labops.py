"""Labs as our own open data writes them, and as sets of labs for trials do."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from labops.domain.labs import checking
from labops.domain.labs.cells import length_in, money_in, text_in, whole_in, words_in
from labops.domain.labs.classes import processes_of
from labops.domain.labs.classifying import class_of
from labops.domain.labs.commands import DescribeLab, DescribeLabMachine, RecordLab
from labops.domain.labs.findings import ReadLabs, places_in
from labops.domain.labs.states import Access, LabSource
from labops.domain.labs.vocabulary import MATERIALS, SERVICES
from labops.domain.machines.processes import PROCESSES
from labops.domain.machines.states import MachineState


def of_labops(record: Mapping[str, Any], read: ReadLabs) -> RecordLab:
    """Read a lab as our own open data writes it, and as sets of test labs do."""
    name = text_in(record, "name")
    services = _known(record, read, "services", SERVICES)
    access = _known(record, read, "accessibility", tuple(Access))
    services += tuple(service for service in ("nda", "food_contact") if record.get(service) is True)
    if record.get("wheelchair") is True:
        access = tuple(dict.fromkeys((*access, Access.STEP_FREE.value)))
    address = record.get("address")
    place = address if isinstance(address, Mapping) else record
    municipio = whole_in(place, "municipio")
    return RecordLab(
        lab=DescribeLab(
            public_name=name,
            legal_name=text_in(record, "legal_name"),
            vat_number=text_in(record, "vat_number"),
            tax_code=text_in(record, "tax_code"),
            description_it=str(record.get("description_it") or ""),
            description_en=str(record.get("description_en") or ""),
            website=text_in(record, "website"),
            email=text_in(record, "email"),
            phone=text_in(record, "phone"),
            services=services,
            accessibility=access,
            languages=tuple(
                each for each in words_in(record, "languages") if each in checking.LANGUAGES
            ),
            skills=tuple(words_in(record, "skills")),
            lead_time_days=whole_in(record, "lead_time_days"),
            most_pieces=whole_in(record, "max_batch"),
            free_hours_a_month=whole_in(record, "free_hours_30d"),
            hourly_rate=money_in(record, "hourly_rate_eur"),
        ),
        slug=text_in(record, "slug")[:60],
        places=places_in({"city": "Milano", **place}, read, name, municipio=municipio),
        machines=tuple(_labops_machines(record, read, name)),
        source=LabSource.IMPORT,
        source_ref=f"labops:{text_in(record, 'slug') or text_in(record, 'id') or name}"[:300],
    )


def _known(
    record: Mapping[str, Any], read: ReadLabs, key: str, words: Container[str]
) -> tuple[str, ...]:
    """Return the words of a list that are ours; the others are listed."""
    found = words_in(record, key)
    for word in found:
        if word not in words:
            read.leave_out(text_in(record, "name"), word, key)
    return tuple(word for word in found if word in words)


def _labops_machines(
    record: Mapping[str, Any], read: ReadLabs, lab: str
) -> Iterator[DescribeLabMachine]:
    machines = record.get("machines")
    for machine in machines if isinstance(machines, list) else ():
        if not isinstance(machine, Mapping):
            read.leave_out(lab, machine, "not-a-machine")
            continue
        name, maker = text_in(machine, "name"), text_in(machine, "maker")
        processes = words_in(machine, "processes")
        for process in processes:
            if process not in PROCESSES:
                read.leave_out(lab, process, "process")
        thickness = machine.get("max_thickness_mm")
        thickest = thickness if isinstance(thickness, Mapping) else {}
        materials: dict[str, float | None] = {}
        for material in words_in(machine, "materials"):
            if material in MATERIALS:
                materials[material] = length_in(thickest.get(material))
            else:
                read.leave_out(lab, material, "material")
        envelope = machine.get("envelope_mm")
        sides = [length_in(side) for side in envelope[:3]] if isinstance(envelope, list) else []
        width, depth, height = (*sides, None, None, None)[:3]
        known = tuple(process for process in processes if process in PROCESSES)
        machine_class = class_of(name, maker)
        yield DescribeLabMachine(
            name=name[:120],
            maker=maker[:80],
            model=text_in(machine, "model")[:120],
            machine_class=machine_class,
            processes=known or processes_of(machine_class),
            width_mm=width,
            depth_mm=depth,
            height_mm=height,
            tolerance_mm=length_in(machine.get("tolerance_mm")),
            materials=materials,
            state=(
                MachineState.IN_SERVICE
                if machine.get("status", "ok") in {"ok", "in_service"}
                else MachineState.OUT_OF_SERVICE
            ),
        )
