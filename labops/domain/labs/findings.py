"""What was read of a list of labs, and what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labops.domain.labs.cells import degrees_in, text_in
from labops.domain.labs.commands import PlaceLab, RecordLab
from labops.kernel.text import one_line


@dataclass(frozen=True, slots=True)
class NotMapped:
    """Something of a file that has no word of ours: `lab`, what it was, and why not."""

    lab: str
    what: str
    why: str


@dataclass(slots=True)
class ReadLabs:
    """The labs of a file, and everything of it that was left out."""

    labs: list[RecordLab] = field(default_factory=list)
    not_mapped: list[NotMapped] = field(default_factory=list)
    classes: Counter[str] = field(default_factory=Counter)

    def leave_out(self, lab: str, what: object, why: str) -> None:
        """Note that something was not understood."""
        self.not_mapped.append(NotMapped(one_line(str(lab))[:160], one_line(str(what))[:160], why))


def places_in(
    record: Mapping[str, Any], read: ReadLabs, name: str, **more: Any
) -> tuple[PlaceLab, ...]:
    """Return where a lab is; a point of which half is missing is left out and listed."""
    city = text_in(record, "city")
    if not city:
        read.leave_out(name, record.get("address", ""), "city")
        return ()
    latitude, longitude = degrees_in(record, "lat", 90), degrees_in(record, "lon", 180)
    if latitude is None or longitude is None:
        read.leave_out(name, f"{record.get('lat')}, {record.get('lon')}", "point")
        latitude = longitude = None
    street = text_in(record, "address") or text_in(record, "street")
    place = PlaceLab(
        street=street[:200],
        city=city[:80],
        latitude=latitude,
        longitude=longitude,
        **more,
    )
    return (place,)
