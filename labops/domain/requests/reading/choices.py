"""What open words come to: which processes would do, given materials, size and trade."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

METALS = frozenset({"silver", "gold", "brass", "bronze", "steel", "stainless", "aluminium"})
SEPARATING = frozenset(
    {
        "laser_cutting",
        "knife_cutting",
        "plasma_cutting",
        "cnc_routing",
        "cnc_milling",
        "foam_cutting",
        "vinyl_cutting",
    }
)
PRINTING_3D = frozenset({"fdm", "resin_printing", "sls", "food_printing", "ceramics"})
LARGE = 450.0
"""Millimetres from which milling means a router."""
THIN, THICK = 6.0, 13.0
"""Millimetres of board up to which no saw is meant, and from which no laser is."""
LONG = 1600.0
"""Millimetres that no usual laser reaches."""


class Choices:
    """The tables of `choices.toml`, ready for questions."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = {
            name: {key: tuple(value.split()) for key, value in table.items()}
            for name, table in data.items()
            if isinstance(table, dict)
        }

    @cached_property
    def takes(self) -> Mapping[str, frozenset[str]]:
        """Return the materials of each process."""
        return {process: frozenset(found) for process, found in self._data["takes"].items()}

    def fitting(self, processes: Iterable[str], materials: Collection[str]) -> tuple[str, ...]:
        """Return the processes that take one of the materials; all, where there are none."""
        wanted = tuple(dict.fromkeys(processes))
        if not materials:
            return wanted
        return tuple(one for one in wanted if self.takes[one] & set(materials))

    def of_act(
        self, act: str, materials: Collection[str], *, longest: float, thickness: float
    ) -> tuple[str, ...]:
        """Return the processes by which an act is done on the materials."""
        table = self._data.get(act, {})
        found: list[str] = []
        for material in materials:
            found += table.get(material, ())
        if not materials:
            found += table.get("none", ())
        found = list(dict.fromkeys(found))
        if act == "mill" and {"cnc_routing", "cnc_milling"} <= set(found) and longest >= LARGE:
            found = ["cnc_routing"]
        if act == "cut" and "cnc_routing" in found:
            heavy = thickness >= THICK or longest > LONG
            unfit = "laser_cutting" if heavy else "woodworking" if 0 < thickness <= THIN else ""
            found = [one for one in found if one != unfit] or found
        return tuple(found)

    def implied(self, material: str) -> tuple[str, ...]:
        """Return how a material is worked where nothing else says it."""
        return self._data["implied"].get(material, ())
