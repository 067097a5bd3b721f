"""Lists of labs as others write them, read into what we record; what cannot be read is listed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from labops.domain.labs import checking
from labops.domain.labs.cells import Table, length_in, text_in, words_in
from labops.domain.labs.classes import CAPABILITIES, CLASSES, processes_of
from labops.domain.labs.classifying import class_of, plain
from labops.domain.labs.commands import DescribeLab, DescribeLabMachine, RecordLab
from labops.domain.labs.findings import ReadLabs, places_in
from labops.domain.labs.reading_labops import of_labops
from labops.domain.labs.services import MOST_MACHINES, cleaned
from labops.domain.labs.states import LabSource
from labops.kernel.errors import Invalid, Problem

MOST_LABS = 20_000
FORMATS = ("labops", "okw")


def read_labs(text: str, form: str) -> ReadLabs:
    """Return the labs of a file: `okw` JSON or CSV, or `labops` JSON; raises `Invalid`."""
    if form == "okw" and not text.lstrip("\ufeff \n\r\t").startswith(("[", "{")):
        return _read_rows(text)
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise Invalid([Problem("lab.not-json", {"field": "file"})]) from error
    records = _records(found)
    if not isinstance(records, list):
        raise Invalid([Problem("lab.no-list", {"field": "file"})])
    read = ReadLabs()
    for record in records[:MOST_LABS]:
        if not isinstance(record, Mapping):
            read.leave_out("", record, "not-a-lab")
        elif form == "okw":
            _add(read, _of_okw(record, read))
        else:
            _add(read, of_labops(record, read))
    return read


def _records(found: object) -> object:
    """Return the list of a document, by whichever name it goes."""
    if not isinstance(found, dict):
        return found
    return next((found[name] for name in ("labs", "facilities", "items") if name in found), None)


def _flat(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a facility of Open Know-Where 1.0, which nests where it is, as a flat record."""
    location = record.get("location")
    if not isinstance(location, Mapping):
        return record
    address, contact = location.get("address"), record.get("contact")
    flat = {**record, **(address if isinstance(address, Mapping) else {})}
    latitude, _comma, longitude = text_in(location, "gps_coordinates").partition(",")
    website = text_in(contact, "website") if isinstance(contact, Mapping) else ""
    url = website or text_in(record, "url")
    return flat | {"lat": latitude, "lon": longitude, "url": url}


def _add(read: ReadLabs, lab: RecordLab) -> None:
    """Keep what can be recorded of a lab; a field that is wrong is left empty and listed."""
    name = lab.lab.public_name
    if not name:
        read.leave_out(lab.source_ref, "name", "field.required")
        return
    described = cleaned(lab.lab)
    empty = DescribeLab(public_name="x")
    for problem in list(checking.problems_of_lab(described)):
        key = str(problem.params["field"])
        read.leave_out(name, getattr(described, key), problem.code)
        if key == "public_name":
            described = replace(described, public_name=described.public_name[:160])
        else:
            described = replace(described, **{key: getattr(empty, key)})
    places = tuple(_kept(read, name, lab.places, checking.problems_of_place))
    machines = tuple(_kept(read, name, lab.machines, checking.problems_of_machine))
    if len(machines) > MOST_MACHINES:
        read.leave_out(name, f"{len(machines) - MOST_MACHINES} machines", "lab.too-many-machines")
    read.labs.append(replace(lab, lab=described, places=places, machines=machines[:MOST_MACHINES]))


def _kept(read: ReadLabs, name: str, parts: Iterable[Any], check: Any) -> Iterator[Any]:
    for part in parts:
        problems = list(check(part))
        for problem in problems:
            read.leave_out(name, getattr(part, str(problem.params["field"])), problem.code)
        if not problems:
            yield part


def _of_okw(record: Mapping[str, Any], read: ReadLabs) -> RecordLab:
    record = _flat(record)
    name = text_in(record, "name")
    equipment = record.get("equipment")
    machines = list(_equipment(read, name, equipment if isinstance(equipment, list) else ()))
    for capability in words_in(record, "capabilities"):
        machine_class = CAPABILITIES.get(capability, "")
        if not machine_class:
            read.leave_out(name, capability, "capability")
            continue
        processes = processes_of(machine_class)
        if not processes:
            read.leave_out(name, capability, "process")
        machines.append(
            DescribeLabMachine(
                name=CLASSES[machine_class].name_it,
                machine_class=machine_class,
                processes=processes,
            )
        )
    region = text_in(record, "region")
    country = text_in(record, "country").upper()
    return RecordLab(
        lab=DescribeLab(public_name=name, website=text_in(record, "url")),
        places=places_in(
            record,
            read,
            name,
            province=region[:80],
            postcode=text_in(record, "postcode")[:12],
            country=country if len(country) == 2 else "IT",  # noqa: PLR2004 - ISO 3166
        ),
        machines=tuple(machines),
        source=LabSource.IMPORT,
        source_ref=text_in(record, "url") or f"okw:{name}",
    )


def _equipment(
    read: ReadLabs, lab: str, equipment: Iterable[object]
) -> Iterator[DescribeLabMachine]:
    """Yield the machines of a facility, told by their names as in any other list."""
    for each in equipment:
        if not isinstance(each, Mapping):
            read.leave_out(lab, each, "not-a-machine")
            continue
        name, maker = text_in(each, "name") or text_in(each, "model"), text_in(each, "make")
        machine_class = class_of(f"{name} {text_in(each, 'equipment_type')}", maker)
        processes = processes_of(machine_class)
        if not processes:
            read.leave_out(lab, f"{maker} {name}".strip(), "process" if machine_class else "class")
        sides = each.get("working_area_mm")
        lengths = [length_in(side) for side in sides[:3]] if isinstance(sides, list) else []
        width, depth, height = (*lengths, None, None, None)[:3]
        yield DescribeLabMachine(
            name=name[:120],
            maker=maker[:80],
            model=text_in(each, "model")[:120],
            machine_class=machine_class,
            processes=processes,
            width_mm=width,
            depth_mm=depth,
            height_mm=height,
        )


def _read_rows(text: str) -> ReadLabs:
    """Read a table of machines, each with its lab, into labs with machines."""
    table = Table(text)
    if not {"name", "lab"} <= set(table.headings):
        raise Invalid([Problem("inventory.missing-column", {"line": 1, "field": "lab"})])
    read = ReadLabs()
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for _line, row in table:
        key = text_in(row, "lab_slug") or text_in(row, "lab")
        if not key:
            read.leave_out("", text_in(row, "name"), "no-lab")
        elif len(rows) < MOST_LABS or key in rows:
            rows.setdefault(key, []).append(row)
    for key, machines in rows.items():
        first = machines[0]
        country = text_in(first, "country_code").upper()
        _add(
            read,
            RecordLab(
                lab=DescribeLab(public_name=text_in(first, "lab") or key),
                slug=key[:60],
                places=places_in(
                    first,
                    read,
                    text_in(first, "lab"),
                    country=country if len(country) == 2 else "IT",  # noqa: PLR2004 - ISO 3166
                ),
                machines=tuple(_machines(read, machines)),
                source=LabSource.IMPORT,
                source_ref=f"geomachines:{key}",
            ),
        )
    return read


def _machines(read: ReadLabs, rows: Sequence[Mapping[str, Any]]) -> Iterator[DescribeLabMachine]:
    same: Counter[tuple[str, str]] = Counter(
        (text_in(row, "name")[:120], text_in(row, "brand")[:80]) for row in rows
    )
    lab = text_in(rows[0], "lab")
    for (name, maker), count in same.items():
        machine_class = class_of(name, maker)
        read.classes[machine_class] += count
        processes = processes_of(machine_class)
        if not processes:
            read.leave_out(lab, f"{maker} {name}".strip(), "process" if machine_class else "class")
        double = plain(name).startswith(plain(maker))
        yield DescribeLabMachine(
            name=(name if double or not maker else f"{maker} {name}")[:120],
            maker=maker,
            model=name,
            machine_class=machine_class,
            processes=processes,
            count=count,
        )
