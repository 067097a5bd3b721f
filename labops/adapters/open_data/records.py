"""A lab as programs read it. What stands here is public and only grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labops.domain.labs.views import LabView, MachineView, PlaceView

LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def lab_record(lab: LabView, root: str, *, whole: bool = True) -> dict[str, Any]:
    """Return a lab; `root` is where this installation lives. `whole`: with its machines."""
    record: dict[str, Any] = {
        "slug": lab.slug,
        "name": lab.public_name,
        "url": f"{root}/labs/{lab.slug}",
        "description_it": lab.description_it,
        "description_en": lab.description_en,
        "website": lab.website,
        "price_list": lab.price_list,
        "email": lab.email,
        "phone": lab.phone,
        "address": place_record(lab.place) if lab.place else None,
        "processes": lab.processes,
        "materials": lab.materials,
        "services": list(lab.services),
        "skills": list(lab.skills),
        "languages": list(lab.languages),
        "accessibility": list(lab.accessibility),
        "opening_hours": [
            {"weekday": weekday, "opens": clock(opens), "closes": clock(closes)}
            for weekday, opens, closes in lab.hours
        ],
        "opening_hours_note_it": lab.hours_note_it,
        "opening_hours_note_en": lab.hours_note_en,
        "valid_to": lab.standing.valid_to.isoformat() if lab.standing else None,
        "verified_on": {name: on.isoformat() for name, on in sorted(lab.verified_on.items())},
        "revised_at": lab.revised_at,
    }
    if whole:
        record["other_addresses"] = [place_record(place) for place in lab.places[1:]]
        record["machines"] = [machine_record(machine) for machine in lab.machines]
    return record


def place_record(place: PlaceView) -> dict[str, Any]:
    """Return where a lab is."""
    return {
        "street": place.street,
        "postcode": place.postcode,
        "city": place.city,
        "province": place.province,
        "country": place.country,
        "municipio": place.municipio,
        "lat": place.latitude,
        "lon": place.longitude,
    }


def machine_record(machine: MachineView) -> dict[str, Any]:
    """Return what a machine does; lengths in mm."""
    return {
        "uid": machine.uid,
        "name": machine.name,
        "maker": machine.maker,
        "model": machine.model,
        "machine_class": machine.machine_class,
        "processes": list(machine.processes),
        "count": machine.count,
        "envelope_mm": machine.envelope_mm,
        "tolerance_mm": machine.tolerance_mm,
        "max_thickness_mm": thickness_record(machine),
        "power_w": machine.power_w,
        "materials": sorted(machine.materials),
        "status": machine.state,
        "verified_on": machine.verified_on.isoformat() if machine.verified_on else None,
    }


def thickness_record(machine: MachineView) -> Mapping[str, float] | float | None:
    """Return the thickest of each material, else the one thickness that is known for all."""
    known = {name: most for name, most in machine.materials.items() if most is not None}
    return known or machine.thickness_mm


def list_record(labs: Sequence[LabView], root: str) -> dict[str, Any]:
    """Return the whole list as one document, in the form that `labops labs import` reads."""
    return {
        "title": "Elenco qualificato dei laboratori",
        "licence": LICENCE,
        "source": f"{root}/open-data/",
        "labs": [lab_record(lab, root) for lab in labs],
    }


def clock(minute: int) -> str:
    """Return 09:30; past midnight hours go on counting."""
    return f"{minute // 60:02}:{minute % 60:02}"
