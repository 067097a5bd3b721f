"""What of a lab everybody may see: these columns and no others, on pages and in files alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# By table, every public column. A test plants values in all the others and looks for them.
PUBLIC: Mapping[str, frozenset[str]] = {
    "lab": frozenset(
        {
            "slug",
            "public_name",
            "description_it",
            "description_en",
            "website",
            "price_list",
            "email",
            "phone",
            "languages",
            "skills",
            "accessibility",
            "hours_note_it",
            "hours_note_en",
            "revised_at",
        }
    ),
    "lab_address": frozenset(
        {"street", "postcode", "city", "province", "country", "municipio", "latitude", "longitude"}
    ),
    "lab_machine": frozenset(
        {
            "uid",
            "name",
            "maker",
            "model",
            "machine_class",
            "count",
            "width_mm",
            "depth_mm",
            "height_mm",
            "tolerance_mm",
            "thickness_mm",
            "power_w",
            "state",
            "verified_on",
        }
    ),
    "lab_machine_process": frozenset({"process"}),
    "lab_machine_material": frozenset({"material", "thickness_mm"}),
    "lab_service": frozenset({"service"}),
    "lab_hours": frozenset({"weekday", "opens_minute", "closes_minute"}),
    "lab_fact": frozenset({"field", "verified_on"}),
}


@dataclass(frozen=True, slots=True)
class _Facts:
    """Which public fields have a day on which they were verified, by what changes them."""

    of_description: tuple[str, ...] = (
        "name",
        "description",
        "website",
        "price_list",
        "email",
        "phone",
        "languages",
        "accessibility",
        "services",
    )
    of_places: tuple[str, ...] = ("address",)
    of_hours: tuple[str, ...] = ("opening_hours",)
    of_machines: tuple[str, ...] = ("machines",)

    @property
    def every(self) -> tuple[str, ...]:
        """Return all of them, in the order in which pages show them."""
        return self.of_description + self.of_places + self.of_hours + self.of_machines


FACTS = _Facts()
