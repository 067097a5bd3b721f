"""How good an order of labs is against grades, and how well needs were read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2
from statistics import fmean
from typing import Any

from labops.domain.requests.needs import Need

DEPTH = 5
TOP = 3
GOOD = 2
"""From this grade on a lab is a right answer for MRR, recall and P@1."""
CLOSE = 0.15
"""Lengths within so much of the expected ones are read rightly."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How good the order was, for one request or as means over several."""

    ndcg: float
    mrr: float
    recall: float
    first: float
    ineligible: float
    """1 where one of the top three is not qualified on the day or was judged unsuitable."""


def figures_of(order: Sequence[str], grades: Mapping[str, int], barred: frozenset[str]) -> Figures:
    """Judge one order of labs; gains are 2^grade - 1."""
    gains = [2.0 ** grades.get(lab, 0) - 1 for lab in order[:DEPTH]]
    ideal = sorted((2.0**grade - 1 for grade in grades.values()), reverse=True)[:DEPTH]
    best = _discounted(ideal)
    good = {lab for lab, grade in grades.items() if grade >= GOOD}
    rank = next((place for place, lab in enumerate(order, start=1) if lab in good), 0)
    found = len(good & set(order[:DEPTH]))
    unfit = barred | {lab for lab, grade in grades.items() if grade == 0}
    return Figures(
        ndcg=_discounted(gains) / best if best else 1.0,
        mrr=1 / rank if rank else float(not good),
        recall=found / min(len(good), DEPTH) if good else 1.0,
        first=float(bool(order) and order[0] in good) if good else 1.0,
        ineligible=float(any(lab in unfit for lab in order[:TOP])),
    )


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / log2(place + 1) for place, gain in enumerate(gains, start=1))


def mean_of(figures: Sequence[Figures]) -> Figures:
    """Return the means; of `ineligible` the sum."""
    return Figures(
        ndcg=fmean(one.ndcg for one in figures),
        mrr=fmean(one.mrr for one in figures),
        recall=fmean(one.recall for one in figures),
        first=fmean(one.first for one in figures),
        ineligible=sum(one.ineligible for one in figures),
    )


Verdicts = dict[str, bool | None]
"""By field: read rightly, wrongly, or None where neither expected nor read."""


def reading_of(need: Need, wanted: Mapping[str, Any], today: date) -> Verdicts:
    """Compare what was read with what a careful reader would have understood."""
    expected = [step for step in _rows(wanted.get("steps")) if step.get("must", True)]
    read = [step for step in need.steps if step.must]
    processes = {one for step in read for one in step.processes.value}
    materials = {one for step in read for one in step.materials.value}
    wanted_materials = [set(step.get("any_material") or ()) for step in expected]
    sizes = [list(step.size.value) for step in read if step.size]
    days = (need.due_on.value - today).days if need.due_on else None
    musts = {str(one.value) for one in need.musts}
    return {
        "process": all(processes & set(step.get("any_process") or ()) for step in expected)
        and len(read) == len(expected),
        "material": _or_none(
            any(wanted_materials),
            bool(materials),
            all(not one or materials & one for one in wanted_materials),
        ),
        "size": _size_verdict([step.get("envelope_mm") for step in expected], sizes),
        "thickness": _lengths(
            [step.get("thickness_mm") for step in expected],
            [step.thickness_mm and step.thickness_mm.value for step in read],
        ),
        "tolerance": _lengths(
            [step.get("tolerance_mm") for step in expected],
            [step.tolerance_mm and step.tolerance_mm.value for step in read],
        ),
        "quantity": _equal(
            wanted.get("quantity"),
            need.quantity and need.quantity.value,
            lambda one, other: one == other,
        ),
        "deadline": _equal(
            wanted.get("deadline_days"),
            days,
            lambda one, other: abs(one - other) <= max(1, 0.1 * one),
        ),
        "musts": musts == set(wanted.get("must") or ()),
    }


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _or_none(expected: bool, read: bool, right: bool) -> bool | None:  # noqa: FBT001
    return right if expected or read else None


def _equal(wanted: Any, read: Any, same: Callable[[Any, Any], bool]) -> bool | None:
    if wanted is None and read is None:
        return None
    return wanted is not None and read is not None and same(wanted, read)


def _size_verdict(wanted: Sequence[Any], read: Sequence[Sequence[float]]) -> bool | None:
    expected = [sorted(one, reverse=True)[:2] for one in wanted if one]
    if not expected:
        return None if not read else False
    largest = max(expected, key=lambda one: one[0])
    if not read:
        return False
    found = sorted(max(read, key=max), reverse=True)[:2]
    return all(_close(one, other) for one, other in zip(largest, found, strict=False))


def _lengths(wanted: Sequence[Any], read: Sequence[Any]) -> bool | None:
    expected, found = [one for one in wanted if one], [one for one in read if one]
    if not expected and not found:
        return None
    return bool(expected) and bool(found) and _close(min(expected), min(found))


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= CLOSE * max(abs(one), abs(other))


def accuracy(verdicts: Sequence[Verdicts]) -> dict[str, tuple[int, int]]:
    """Return for each field how many were right, of how many."""
    found: dict[str, tuple[int, int]] = {}
    for one in verdicts:
        for name, verdict in one.items():
            right, all_ = found.get(name, (0, 0))
            if verdict is not None:
                found[name] = (right + bool(verdict), all_ + 1)
    return found
