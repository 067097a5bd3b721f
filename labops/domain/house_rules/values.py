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
    "levels_below",
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


def levels_below(level: Level, key: str, *, category: str = "") -> tuple[tuple[str, str], ...]:
    """Return which levels the one is laid over; `category` is that of the machine it is about."""
    site = (Level.SITE.value, "")
    if level is Level.SITE:
        return ()
    if level is not Level.PLAN:
        return (site, (Level.CATEGORY.value, category)) if level is Level.MACHINE else (site,)
    plan, kind, name = (*key.split(":", 2), "", "")[:3]
    if not kind:
        return (site,)
    category = name if kind == Level.CATEGORY else category
    below = (site, (Level.CATEGORY.value, category))
    if kind == Level.CATEGORY:
        return (*below, (Level.PLAN.value, plan))
    return (
        *below,
        (Level.MACHINE.value, name),
        (Level.PLAN.value, plan),
        (Level.PLAN.value, f"{plan}:category:{category}"),
    )
