"""One step at one lab: the machine that does it best, and each requirement held against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from labops.domain.matches.labs import Lab, Machine
from labops.domain.matches.values import Code, Verdict
from labops.domain.matches.weights import Weights
from labops.domain.requests.needs import Need, Step

NEVER_ON_LASER = frozenset({"leather_chrome", "pvc_foam", "vinyl"})
"""What gives off chlorine or chromium under a laser, whatever a lab says of its machine."""
LASER = "laser_cutting"
SLIP = 1e-6
"""Millimetres that come from counting in floating point."""
ABOUT = 0.02
"""Sizes within two per cent of the limit are called near it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement against one limit: the row that pages, PDF and API show."""

    code: Code
    verdict: Verdict
    wanted: object
    machine: str | None = None
    found: object = None
    verified_on: date | None = None


@dataclass(frozen=True, slots=True)
class StepAnswer:
    """How a lab does a step: `worth` is 1 when it does, 0 when not at all."""

    worth: float
    machine: Machine | None
    checks: tuple[Check, ...]
    margin: float = 0.0
    watt: float | None = None
    """The strongest machine that does the step; the usual power where nothing is said."""

    @property
    def met(self) -> bool:
        """Say whether the step is met without anything lacking."""
        return self.worth >= 1

    @property
    def first_failure(self) -> Check | None:
        """Return the first requirement that is not met."""
        return next((check for check in self.checks if check.verdict is Verdict.NO), None)


def answer(step: Step, lab: Lab, need: Need, today: date, weights: Weights) -> StepAnswer:
    """Return the best that the lab can do for the step; more machines never make it worse."""
    when = (need.due_on.value if need.due_on else None, today)
    best: StepAnswer | None = None
    margin = watt = 0.0
    for process in step.processes.value:
        for machine in lab.by_process.get(process, ()):
            found = _on(step, machine, process, need, when, weights)
            if found.met:
                margin = max(margin, found.margin)
                watt = max(watt, machine.watt or weights.usual_laser_w)
            if best is None or _rank(found) > _rank(best):
                best = found
    if best is None or best.worth < weights.near["other_process"]:
        other = _otherwise(step, lab, need, when, weights)
        if other is not None and (best is None or other.worth > best.worth):
            best = other
    if best is None:
        wanted = list(step.processes.value)
        return StepAnswer(0.0, None, (Check(Code.PROCESS, Verdict.NO, wanted),))
    if best.met:
        best = replace(best, margin=margin, watt=watt)
    return _on_site(best, lab, weights) if step.on_site else best


def _on_site(one: StepAnswer, lab: Lab, weights: Weights) -> StepAnswer:
    """Ask of a survey that the lab comes to the place."""
    verdict = Verdict.YES if lab.onsite else Verdict.NO
    rows = (*one.checks, Check(Code.ON_SITE, verdict, str(Code.ON_SITE), None, lab.onsite))
    left = 1.0 if lab.onsite else weights.lacking["onsite"]
    return replace(one, checks=rows, worth=one.worth * left)


def _rank(one: StepAnswer) -> tuple[float, float, int]:
    passed = sum(check.verdict is not Verdict.NO for check in one.checks)
    return (one.worth, one.margin, passed)


def _otherwise(
    step: Step, lab: Lab, need: Need, when: tuple[date | None, date], weights: Weights
) -> StepAnswer | None:
    """Look for another process that takes the same material."""
    if not step.materials.value:
        return None
    best: StepAnswer | None = None
    excluded = {one.value for one in need.excluded}
    wanted = frozenset(step.materials.value)
    for process in step.processes.value:
        for other in weights.other_processes.get(process, ()):
            if other in step.processes.value or other in excluded:
                continue
            for machine in lab.by_process.get(other, ()):
                if not wanted & machine.materials:
                    continue
                found = _on(step, machine, other, need, when, weights)
                if found.worth >= 1 and best is None:
                    row = Check(
                        Code.PROCESS, Verdict.NO, list(step.processes.value), machine.name, other
                    )
                    best = StepAnswer(
                        weights.near["other_process"], machine, (row, *found.checks[1:])
                    )
    return best


class _Sheet:
    """The rows of one machine, and what it is worth after them."""

    def __init__(self, machine: Machine, weights: Weights) -> None:
        self.machine, self.near = machine, weights.near
        self.worth = self.margin = 1.0
        self.rows: list[Check] = []

    def row(self, code: Code, verdict: Verdict, wanted: object, found: object) -> None:
        machine = self.machine
        self.rows.append(Check(code, verdict, wanted, machine.name, found, machine.verified_on))

    def fail(self, code: Code, wanted: object, found: object, left: float) -> None:
        self.row(code, Verdict.NO, wanted, found)
        self.worth *= left


def _on(
    step: Step,
    machine: Machine,
    process: str,
    need: Need,
    when: tuple[date | None, date],
    weights: Weights,
) -> StepAnswer:
    """Hold the step against one machine, in the order of the filters."""
    sheet = _Sheet(machine, weights)
    sheet.row(Code.PROCESS, Verdict.YES, list(step.processes.value), process)
    if not machine.works_by(*when):
        sheet.fail(Code.OUT_OF_SERVICE, str(when[0] or ""), str(machine.back_on or ""), 0.0)
    materials, code, left = _material(step, machine, process, need, weights)
    if code is not None:
        wanted, takes = list(step.materials.value), sorted(machine.materials)
        if left >= 1:
            sheet.row(code, Verdict.YES, wanted, takes)
        else:
            sheet.fail(code, wanted, takes, left)
    if sheet.worth:
        _measure(sheet, step, process, materials)
    return StepAnswer(sheet.worth, machine, tuple(sheet.rows), max(0.0, sheet.margin))


def _measure(sheet: _Sheet, step: Step, process: str, materials: frozenset[str]) -> None:
    """Hold size, thickness, tolerance and traits against the machine."""
    machine = sheet.machine
    if step.size is not None and machine.size is not None and process not in _ANY_SIZE:
        piece, room = _laid(process, list(step.size.value), list(machine.size))
        fits, left = fits_in(piece, room)
        sheet.margin = min(sheet.margin, left)
        if fits:
            sheet.row(Code.SIZE, Verdict.ABOUT if left < ABOUT else Verdict.YES, piece, room)
        else:
            sheet.fail(Code.SIZE, piece, room, sheet.near["size"])
    limit = _thickest(machine, materials)
    if step.thickness_mm is not None and limit is not None:
        thick = step.thickness_mm.value
        if thick <= limit:
            sheet.row(Code.THICKNESS, Verdict.YES, thick, limit)
        else:
            sheet.fail(Code.THICKNESS, thick, limit, sheet.near["thickness"])
    if step.tolerance_mm is not None and machine.tolerance_mm is not None:
        fine, can = step.tolerance_mm.value, machine.tolerance_mm
        sheet.margin = min(sheet.margin, max(0.0, 1 - can / fine))
        if can <= fine + SLIP:
            sheet.row(Code.TOLERANCE, Verdict.YES, fine, can)
        else:
            sheet.fail(Code.TOLERANCE, fine, can, sheet.near["tolerance"])
    for name, read in step.traits:
        if _has(machine, name, read.value):
            sheet.row(Code.TRAIT, Verdict.YES, {name: read.value}, machine.traits.get(name))
        else:
            wanted = {name: read.value}
            sheet.fail(Code.TRAIT, wanted, machine.traits.get(name), sheet.near["trait"])


_ANY_SIZE = frozenset({"scanning_3d", "finishing"})


def _material(
    step: Step, machine: Machine, process: str, need: Need, weights: Weights
) -> tuple[frozenset[str], Code | None, float]:
    """Return the materials that would be used, the code to note, and what that is worth."""
    excluded = {one.value for one in need.excluded}
    wanted = frozenset(step.materials.value) - excluded
    if not wanted:
        return machine.materials, None, 1.0
    taken = wanted & machine.materials
    if process == LASER and wanted <= NEVER_ON_LASER:
        return frozenset(), Code.FORBIDDEN, 0.0
    if process == LASER:
        taken -= NEVER_ON_LASER
    if taken:
        return taken, Code.MATERIAL, 1.0
    cousins = {other for one in wanted for other in weights.other_materials.get(one, ())}
    cousins = (cousins & machine.materials) - excluded
    return frozenset(cousins), Code.MATERIAL, weights.near["other_material"] if cousins else 0.0


def fits_in(piece: Sequence[float], room: Sequence[float]) -> tuple[bool, float]:
    """Say whether the piece fits, flat either way round, never tipped over, and the room left.

    A room of one length is a width, which a piece may cross by its shorter side; a piece of one
    length lies along the longest side. The room left is a share of the tightest side.
    """
    if not piece or not room:
        return True, 1.0
    if len(room) == 1:
        return _left(((min(piece[:2]), room[0]),))
    if len(piece) == 1:
        return _left(((piece[0], max(room)),))
    flat, bed = sorted(piece[:2], reverse=True), sorted(room[:2], reverse=True)
    pairs = [(flat[0], bed[0]), (flat[1], bed[1])]
    if len(piece) > 2 and len(room) > 2:  # noqa: PLR2004
        pairs.append((piece[2], room[2]))
    return _left(pairs)


def _laid(process: str, piece: list[float], room: list[float]) -> tuple[list[float], list[float]]:
    """Lay the piece as the process does: along a lathe's axis, across a loom's width."""
    if process == "turning":
        return sorted(piece, reverse=True), sorted(room, reverse=True)
    if process == "weaving_knitting" and len(piece) == 1:
        return piece, room[:1]
    return piece, room


def _left(pairs: Sequence[tuple[float, float]]) -> tuple[bool, float]:
    left = min(1 - have / most if most > 0 else -1.0 for have, most in pairs)
    return left >= -SLIP, max(0.0, left)


def _thickest(machine: Machine, materials: frozenset[str]) -> float | None:
    """Return the thickest sheet of one of the materials, None where nothing is said."""
    if not machine.thickness:
        return None
    said = [machine.thickness.get(material) for material in materials]
    if not said or None in said:
        return None
    return max(limit for limit in said if limit is not None)


def _has(machine: Machine, name: str, wanted: float | bool | str) -> bool:  # noqa: FBT001
    found = machine.traits.get(name)
    if found is None:
        return name in {"max_temp_c", "needles", "kind"}  # nothing said is no contradiction
    if isinstance(wanted, bool | str) or isinstance(found, bool | str):
        return found == wanted
    return found >= wanted
