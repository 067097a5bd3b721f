"""The list of labs as files: CSV, GeoJSON, and JSON after Open Know-Where."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labops.adapters.open_data.records import LICENCE, clock
from labops.domain.labs.states import Access
from labops.domain.labs.views import LabView, MachineView
from labops.domain.labs.vocabulary import MATERIALS, word_for
from labops.domain.machines.processes import process_name

LAB_COLUMNS = (
    "slug", "name", "url", "street", "postcode", "city", "municipio", "lat", "lon", "website",
    "email", "phone", "processes", "materials", "services", "languages", "accessibility",
    "opening_hours", "valid_to", "revised_at",
)  # fmt: skip
MACHINE_COLUMNS = (
    "lab", "uid", "name", "maker", "model", "machine_class", "processes", "count", "width_mm",
    "depth_mm", "height_mm", "tolerance_mm", "thickness_mm", "power_w", "materials", "status",
    "verified_on",
)  # fmt: skip
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def labs_csv(labs: Sequence[LabView], root: str) -> str:
    """Return a line a lab; lists have semicolons between their words."""
    return _written(LAB_COLUMNS, (_lab_cells(lab, root) for lab in labs))


def machines_csv(labs: Sequence[LabView]) -> str:
    """Return a line a machine."""
    return _written(
        MACHINE_COLUMNS,
        (_machine_cells(lab, machine) for lab in labs for machine in lab.machines),
    )


def geojson(labs: Sequence[LabView], root: str) -> dict[str, Any]:
    """Return the labs that have a point as features, RFC 7946: degrees east come first."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": lab.slug,
                "geometry": {
                    "type": "Point",
                    "coordinates": [lab.place.longitude, lab.place.latitude],
                },
                "properties": {
                    "name": lab.public_name,
                    "url": f"{root}/labs/{lab.slug}",
                    "address": lab.place.line,
                    "municipio": lab.place.municipio,
                    "processes": lab.processes,
                },
            }
            for lab in labs
            if lab.place and lab.place.point
        ],
    }


def know_where(labs: Sequence[LabView], root: str) -> dict[str, Any]:
    """Return the labs after Open Know-Where 1.0, in its English words."""
    return {
        "title": "Elenco qualificato dei laboratori",
        "specification": "Open Know-Where 1.0",
        "license": LICENCE,
        "facilities": [_facility(lab, root) for lab in labs],
    }


def _facility(lab: LabView, root: str) -> dict[str, Any]:
    place = lab.place
    location: dict[str, Any] = {}
    if place:
        location = {
            "address": {
                "street": place.street,
                "city": place.city,
                "region": place.province,
                "country": place.country,
                "postcode": place.postcode,
                "district": f"Municipio {place.municipio}" if place.municipio else "",
            }
        }
        if place.point:
            location["gps_coordinates"] = f"{place.latitude},{place.longitude}"
    return {
        "id": f"{root}/labs/{lab.slug}",
        "name": lab.public_name,
        "location": location,
        "contact": {"website": lab.website, "email": lab.email, "phone": lab.phone},
        "facility_status": "Active",
        "opening_hours": opening_hours(lab),
        "description": lab.description("en"),
        "languages": list(lab.languages),
        "wheelchair_accessibility": Access.STEP_FREE in lab.accessibility,
        "manufacturing_processes": [process_name(each, "en") for each in lab.processes],
        "typical_materials": [word_for(MATERIALS, each, "en") for each in lab.materials],
        "equipment": [_equipment(machine) for machine in lab.machines],
        "record": {"date_updated": lab.revised_at.date().isoformat()},
    }


def _equipment(machine: MachineView) -> dict[str, Any]:
    volume = machine.envelope_mm
    return {
        "name": machine.name,
        "equipment_type": machine.class_name("en"),
        "manufacturing_process": [process_name(each, "en") for each in machine.processes],
        "make": machine.maker,
        "model": machine.model,
        "quantity": machine.count,
        "working_area_mm": volume,
        "tolerance_mm": machine.tolerance_mm,
        "power_rating_w": machine.power_w,
        "materials_worked": [word_for(MATERIALS, each, "en") for each in machine.materials],
    }


def opening_hours(lab: LabView) -> str:
    """Return the hours as OpenStreetMap writes them: `Mo 09:00-18:00; Tu 09:00-13:00`."""
    days = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
    return "; ".join(
        f"{days[weekday]} {clock(opens)}-{clock(closes)}" for weekday, opens, closes in lab.hours
    )


def _lab_cells(lab: LabView, root: str) -> Mapping[str, object]:
    place = lab.place
    return {
        "slug": lab.slug,
        "name": lab.public_name,
        "url": f"{root}/labs/{lab.slug}",
        "street": place.street if place else "",
        "postcode": place.postcode if place else "",
        "city": place.city if place else "",
        "municipio": place.municipio if place else None,
        "lat": place.latitude if place else None,
        "lon": place.longitude if place else None,
        "website": lab.website,
        "email": lab.email,
        "phone": lab.phone,
        "processes": ";".join(lab.processes),
        "materials": ";".join(lab.materials),
        "services": ";".join(lab.services),
        "languages": ";".join(lab.languages),
        "accessibility": ";".join(lab.accessibility),
        "opening_hours": opening_hours(lab),
        "valid_to": lab.standing.valid_to.isoformat() if lab.standing else "",
        "revised_at": lab.revised_at.isoformat(),
    }


def _machine_cells(lab: LabView, machine: MachineView) -> Mapping[str, object]:
    values: dict[str, object] = {
        name: getattr(machine, name) for name in MACHINE_COLUMNS if hasattr(machine, name)
    }
    return values | {
        "lab": lab.slug,
        "processes": ";".join(machine.processes),
        "materials": ";".join(sorted(machine.materials)),
        "status": machine.state,
    }


def _written(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([cell(row[name]) for name in columns] for row in rows)
    return buffer.getvalue()


def cell(value: object) -> object:
    """Return a cell that a spreadsheet does not take for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return "" if value is None else value
