"""Open words such as "tagliare": what they come to beside materials, things and trades."""

from __future__ import annotations

from collections.abc import Sequence

from labops.domain.requests.reading.choices import METALS, PRINTING_3D, SEPARATING
from labops.domain.requests.reading.draft import CASTABLE, Draft, all_materials
from labops.domain.requests.reading.findings import Findings
from labops.domain.requests.reading.lexicon import Mention

LASER = "laser_cutting"
THICKEST = 100.0
"""Millimetres that a sheet may be thick."""


def _near_materials(found: Findings, mention: Mention) -> tuple[str, ...]:
    """Return the materials nearest to the mention: of its clause, its sentence, then all."""
    for wanted in ("clause", "sentence"):
        ids = [
            material
            for one, group in found.materials
            if getattr(one, wanted) == getattr(mention, wanted)
            for material in group
        ]
        if ids:
            return tuple(dict.fromkeys(ids))
    ids = [material for _, group in found.materials for material in group]
    if not ids:
        for thing in found.of("thing"):
            ids += found.thing(thing).get("material", "").split()
    return tuple(dict.fromkeys(ids))


def add_acts(found: Findings, drafts: list[Draft]) -> None:
    """Add what open words such as "tagliare" come to, unless a named process covers them."""
    longest = max((max(one.values) for one in found.measures if one.unit), default=0.0)
    thickness = max(
        (
            one.values[0]
            for one in found.measures
            if one.axis in {"thickness", "bare"} and one.unit and one.values[0] < THICKEST
        ),
        default=0.0,
    )
    for mention in sorted(found.of("act"), key=_order):
        processes = _of_act(found, mention, drafts, longest, thickness)
        if not processes:
            continue
        same = next((one for one in drafts if set(one.processes) & set(processes)), None)
        if same is None:
            drafts.append(Draft(processes, [mention]))
        else:
            same.mentions.append(mention)
            if set(processes) < set(same.processes):
                same.processes = processes  # "tagliare a CNC" is no laser


_ORDER = ("print_3d", "print", "cut", "mill", "engrave", "bend", "solder", "master", "melt")


def _order(mention: Mention) -> tuple[int, int]:
    return (_ORDER.index(mention.key), mention.first)


def _of_act(
    found: Findings, mention: Mention, drafts: Sequence[Draft], longest: float, thickness: float
) -> tuple[str, ...]:
    """Return the processes that the act adds; none where a step covers it already."""
    taken = {process for draft in drafts for process in draft.processes}
    materials, act = _near_materials(found, mention), mention.key
    if taken & _COVERED_BY.get(act, frozenset()):
        more = act == "mill" and taken & _NO_MILLS
        return _milled(found, materials, longest) if more else ()
    if act in _BY_CONTEXT:
        return _by_context(found, act, materials, taken)
    if act == "print_3d" and set(materials) & CASTABLE:
        return ("resin_printing", "cnc_milling")
    if act == "print" and not materials:
        return ("screen_printing",) if set(found.trades) & {"tailoring", "printing"} else ()
    processes = found.choices.of_act(act, materials, longest=longest, thickness=thickness)
    if act == "cut" and LASER in processes and found.cues("engraved"):
        return (LASER,)  # what cuts and engraves at once
    return processes


_CUTTERS = SEPARATING | {"laser_marking", "turning"}
_NO_MILLS = _CUTTERS - {"cnc_routing", "cnc_milling", "laser_marking"}
_PRINTERS = PRINTING_3D | {"screen_printing", "embroidery", "vinyl_cutting"}
_COVERED_BY = {
    "cut": _CUTTERS | {"weaving_knitting", "screen_printing", "embroidery", "thermoforming"},
    "engrave": _CUTTERS,
    "mill": _CUTTERS | {"ceramics"},
    "print": _PRINTERS,
    "print_3d": _PRINTERS,
}
_BY_CONTEXT = frozenset({"melt", "solder", "bend", "master"})


def _by_context(
    found: Findings, act: str, materials: Sequence[str], taken: set[str]
) -> tuple[str, ...]:
    """Return what words come to that many trades use: melting, soldering, bending, a master."""
    metals, trades = set(materials) & METALS, set(found.trades)
    if act == "melt":
        return _melted(found, taken, trades)
    if act == "solder":
        electronic = "electronics" in taken | trades
        known = electronic or metals or "metal" in trades
        return ("electronics" if electronic else "metalworking",) if known else ()
    if act == "bend" and metals - {"silver", "gold", "bronze"}:
        return ("metalworking",)
    if act == "bend" and set(materials) == {"pmma"}:
        return ("thermoforming",)
    if act == "master" and taken - {"scanning_3d"}:
        return ("fdm", "cnc_routing", "cnc_milling")
    return ()


def _milled(found: Findings, materials: tuple[str, ...], longest: float) -> tuple[str, ...]:
    return (
        found.choices.of_act("mill", materials, longest=longest, thickness=0) if materials else ()
    )


def _melted(found: Findings, taken: set[str], trades: set[str]) -> tuple[str, ...]:
    metal = all_materials(found) & {"silver", "gold", "brass", "bronze"}
    if (
        metal
        or all_materials(found) & CASTABLE
        or trades & {"jewellery", "restoration", "mechanics"}
    ):
        return () if "casting" in taken else ("casting",)
    return ()
