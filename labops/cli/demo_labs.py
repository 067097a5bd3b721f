"""The demonstration's labs: our two sites and some that exist nowhere else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from labops.domain.labs import catalogue, representatives, services, verifying
from labops.domain.labs.classes import processes_of
from labops.domain.labs.commands import (
    DescribeLab,
    DescribeLabMachine,
    Opening,
    PlaceLab,
    RecordLab,
)
from labops.domain.labs.public import FACTS
from labops.domain.labs.states import LabSource, LegalForm, RepresentativeRole
from labops.domain.machines.states import MachineState
from labops.domain.sites.queries import by_slug
from labops.kernel.db import reading
from labops.kernel.permissions import SYSTEM

DATA = Path(__file__).parent / "demo_data"
OWNER_OF_OUR_SITES = "manager@example.org"
# Who speaks for a lab did so before it applied.
LONG_SINCE = timedelta(days=900)
_LISTS = ("languages", "skills", "services", "accessibility")
_TEXTS = (
    "public_name", "description_it", "description_en", "website", "price_list", "email", "phone",
    "hours_note_it", "hours_note_en",
)  # fmt: skip


def read() -> list[dict[str, Any]]:
    """Return the labs as the file holds them; those with `listed = false` only prepare to apply."""
    found: list[dict[str, Any]] = tomllib.loads((DATA / "labs.toml").read_text(encoding="utf-8"))[
        "labs"
    ]
    return found


def fill(*, now: datetime) -> list[int]:
    """Record models and labs with whoever speaks for them; return the ids of those to list."""
    models = (DATA / "models.csv").read_text(encoding="utf-8")
    catalogue.import_catalogue(models, actor=SYSTEM, now=now)
    listed = []
    for entry in read():
        lab_id = services.record_lab(_command(entry), actor=SYSTEM, now=now)
        verifying.verify_facts(lab_id, FACTS.every, actor=SYSTEM, now=now)
        representatives.name_representative(
            lab_id,
            entry.get("owner", OWNER_OF_OUR_SITES),
            RepresentativeRole.OWNER,
            actor=SYSTEM,
            now=now - LONG_SINCE,
        )
        if entry.get("listed", True):
            listed.append(lab_id)
    return listed


def _command(entry: Mapping[str, Any]) -> RecordLab:
    site = by_slug(reading(), entry["site"]) if "site" in entry else None
    told: dict[str, Any] = {name: entry.get(name, "") for name in _TEXTS}
    told |= {name: tuple(entry.get(name, ())) for name in _LISTS}
    described = DescribeLab(
        legal_form=LegalForm(entry["legal_form"]),
        lead_time_days=entry.get("lead_time_days"),
        most_pieces=entry.get("most_pieces"),
        **told,
    )
    return RecordLab(
        lab=described,
        slug=entry.get("site", ""),
        site_id=site.id if site else None,
        places=(PlaceLab(city="Milano", province="MI", **entry["place"]),),
        machines=tuple(_machine(machine) for machine in entry.get("machines", ())),
        openings=tuple(_opening(line) for line in entry.get("hours", ())),
        source=LabSource.OWN_SITE if site else LabSource.APPLICATION,
    )


def _machine(entry: Mapping[str, Any]) -> DescribeLabMachine:
    width, depth, height = (*_sides(entry), None, None, None)[:3]
    return DescribeLabMachine(
        name=entry["name"],
        machine_class=entry["class"],
        processes=processes_of(entry["class"]),
        count=entry.get("count", 1),
        width_mm=width,
        depth_mm=depth,
        height_mm=height,
        tolerance_mm=entry.get("tolerance"),
        power_w=entry.get("power"),
        state=MachineState(entry.get("state", MachineState.IN_SERVICE)),
        materials=dict(map(_material, entry["materials"])),
    )


def _sides(entry: Mapping[str, Any]) -> Sequence[float]:
    return [float(side) for side in entry.get("size", ())]


def _material(text: str) -> tuple[str, float | None]:
    material, _gap, thickness = text.partition(" ")
    return material, float(thickness) if thickness else None


def _opening(line: str) -> Opening:
    """Read `2 9:00-18:00`: Wednesday from nine to six."""
    weekday, _gap, span = line.partition(" ")
    opens, closes = ((int(clock[:-3]), int(clock[-2:])) for clock in span.split("-"))
    return Opening(int(weekday), opens[0] * 60 + opens[1], closes[0] * 60 + closes[1])
