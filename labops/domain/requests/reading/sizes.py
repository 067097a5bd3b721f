"""The size of each step: which lengths belong together, in which unit, to which work."""

from __future__ import annotations

from collections.abc import Sequence

from labops.domain.requests.needs import Size
from labops.domain.requests.reading.draft import Draft
from labops.domain.requests.reading.findings import Findings
from labops.domain.requests.reading.measures import Measure
from labops.domain.requests.reading.units import FLAT

SIZELESS = frozenset({"sewing", "electronics", "finishing", "scanning_3d", "woodworking"})
SHEET = frozenset(
    {
        "laser_cutting", "knife_cutting", "plasma_cutting", "vinyl_cutting", "embroidery",
        "screen_printing", "laser_marking", "metalworking", "weaving_knitting", "sewing",
    }
)  # fmt: skip
IN_MM = frozenset(
    {
        "resin_printing",
        "cnc_milling",
        "turning",
        "sls",
        "fdm",
        "laser_marking",
        "electronics",
        "thermoforming",
        "metalworking",
    }
)
ROOMY = frozenset({"cnc_routing", "foam_cutting", "woodworking", "vinyl_cutting"})
USUAL_WORK, LARGE_WORK = 200.0, 400.0
"""A bare number above is millimetres: nobody writes of a cake four metres wide."""
LARGEST = 30_000.0
THICKEST = 120.0
APART = 12
"""Tokens between two lengths from which they are of two pieces."""


def _unit(found: Findings, draft: Draft | None, measure: Measure) -> float:
    """Return millimetres a unit: said nearby, else as usual for the work and the trade."""
    if measure.unit is not None:
        return 1.0
    largest = max(measure.values)
    near = [
        one
        for one in found.measures
        if one.unit and one.sentence == measure.sentence and one.axis in FLAT | {"size"}
    ]
    if near:
        return 10.0 if _in_cm(found, near) else 1.0
    usual = next(
        (
            found.data["trades"][one].get("unit")
            for one in found.trades
            if one in found.data["trades"]
        ),
        "cm",
    )
    by_work = bool(draft) and set(draft.processes) <= IN_MM if draft else False
    wide = LARGE_WORK if draft and set(draft.processes) & ROOMY and usual == "cm" else USUAL_WORK
    if largest > wide or (largest > 100 and (by_work or usual == "mm")):  # noqa: PLR2004
        return 1.0
    if by_work and usual == "mm":
        return 1.0
    return 10.0 if not by_work or usual == "cm" else 1.0


def _in_cm(found: Findings, near: Sequence[Measure]) -> bool:
    units = {found.tokens[one.last].plain for one in near}
    return any(unit.startswith(("cm", "centi")) for unit in units)


def sizes_of(found: Findings, drafts: Sequence[Draft]) -> list[tuple[Size, list[Measure]] | None]:
    """Return the largest size of each step, from the lengths nearest to it."""
    usable = [one for one in found.measures if one.axis in FLAT | {"size"}]
    usable += [one for one in found.measures if one.axis == "bare" and _is_side(found, one)]
    groups: dict[int, list[Measure]] = {}
    for one in usable:
        groups.setdefault(one.sentence, []).append(one)
    sized = [place for place, draft in enumerate(drafts) if not set(draft.processes) <= SIZELESS]
    result: list[tuple[Size, list[Measure]] | None] = [None] * len(drafts)
    if not sized or not usable:
        return result
    clusters = [cluster for group in groups.values() for cluster in _clusters(group)]
    owners: dict[int, list[list[Measure]]] = {}
    for cluster in clusters:
        owner = min(sized, key=lambda place: _away(drafts[place], cluster))
        owners.setdefault(owner, []).append(cluster)
    for place in sized:
        mine = owners.get(place) or (
            [] if len(owners) > 1 else [one for many in owners.values() for one in many]
        )
        if not mine and owners:
            mine = [
                max(
                    (one for many in owners.values() for one in many),
                    key=lambda one: max(one[0].values),
                )
            ]
        sizes = [(_whole(found, drafts[place], cluster), cluster) for cluster in mine]
        fit = [one for one in sizes if one[0]]
        if fit:
            result[place] = max(fit, key=lambda one: (len(one[0]) > 1, _area(one[0])))
    return result


def _area(size: Size) -> float:
    longest, *others = sorted(size, reverse=True)
    return longest * (others[0] if others else 1)


def _is_side(found: Findings, measure: Measure) -> bool:
    """Say whether a bare length is a side: a thickness stands next to its sheet, and is small."""
    return measure.values[0] >= THICKEST and not beside_material(found, measure)


def _clusters(group: list[Measure]) -> list[list[Measure]]:
    """Part the lengths of a sentence into those of one piece: a repeated side begins another."""
    clusters: list[list[Measure]] = []
    for one in sorted(group, key=lambda measure: measure.first):
        open_ = clusters[-1] if clusters else None
        full = (
            open_ is None
            or one.axis in {other.axis for other in open_}
            or one.first - open_[-1].last > APART
        )
        if full:
            clusters.append([one])
        elif open_ is not None:
            open_.append(one)
    return clusters


def _away(draft: Draft, cluster: Sequence[Measure]) -> tuple[int, int]:
    places = draft.places
    if not places:
        return (9, 0)
    sentence = min(
        (
            abs(one.sentence - cluster[0].sentence)
            for one in [*draft.mentions, *(m for m, _ in draft.materials)]
        ),
        default=9,
    )
    return (sentence, min(abs(place - cluster[0].first) for place in places))


def _whole(found: Findings, draft: Draft, cluster: Sequence[Measure]) -> Size:
    """Put the lengths of one piece together: sides, then what stands upright."""
    flat: list[float] = []
    upright: float | None = None
    for one in cluster:
        values = [value * _unit(found, draft, one) for value in one.values]
        values = [value for value in values if 0 < value <= LARGEST]
        if one.axis == "diameter":
            flat += values * 2
        elif one.axis in {"height", "depth"} and not set(draft.processes) <= SHEET:
            upright = values[0] if values else upright
        else:
            flat += values
    flat.sort(reverse=True)
    if set(draft.processes) & SHEET and not set(draft.processes) - SHEET - {
        "cnc_routing",
        "cnc_milling",
        "fdm",
    }:
        both = sorted([*flat, *([upright] if upright else [])], reverse=True)
        return tuple(both[:2])
    if upright is None:
        return tuple(flat[:3]) if cluster[0].axis != "size" else _as_written(found, draft, cluster)
    return (*(flat[:2] or [upright]), upright) if len(flat) > 1 else (*flat, upright)


def _as_written(found: Findings, draft: Draft, cluster: Sequence[Measure]) -> Size:
    """Keep the order of "60x25x18", in which the last one stands upright."""
    first = [value * _unit(found, draft, cluster[0]) for value in cluster[0].values]
    more = [value * _unit(found, draft, one) for one in cluster[1:] for value in one.values]
    return tuple(value for value in [*first, *more][:3] if 0 < value <= LARGEST)


def beside_material(found: Findings, measure: Measure) -> bool:
    return any(
        0 < measure.first - one.last <= 5 or 0 < one.first - measure.last <= 3  # noqa: PLR2004
        for one, _ in found.materials
        if one.sentence == measure.sentence
    )
