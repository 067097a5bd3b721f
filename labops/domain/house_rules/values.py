"""House rules as a value: the names that the rest of the program uses."""

from __future__ import annotations

from labops.domain.house_rules.limits import Quota, QuotaScope, Window
from labops.domain.house_rules.reading import KNOWN_KEYS, laid_over, merged_levels, read_rules
from labops.domain.house_rules.shape import (
    GRIDS,
    LONGEST_POSSIBLE,
    NO_GRID,
    NO_HORIZON,
    HouseRules,
    Level,
)
from labops.domain.house_rules.writing import write_rules

__all__ = [
    "GRIDS",
    "KNOWN_KEYS",
    "LONGEST_POSSIBLE",
    "NO_GRID",
    "NO_HORIZON",
    "HouseRules",
    "Level",
    "Quota",
    "QuotaScope",
    "Window",
    "laid_over",
    "level_keys",
    "merged_levels",
    "read_rules",
    "write_rules",
]


def level_keys(*, category: str, machine: str, plan: str = "") -> tuple[tuple[str, str], ...]:
    """Return which levels hold for a machine and a plan, the later ones winning."""
    keys = [
        (Level.SITE.value, ""),
        (Level.CATEGORY.value, category),
        (Level.MACHINE.value, machine),
    ]
    if plan:
        keys += [
            (Level.PLAN.value, plan),
            (Level.PLAN.value, f"{plan}:category:{category}"),
            (Level.PLAN.value, f"{plan}:machine:{machine}"),
        ]
    return tuple(keys)
