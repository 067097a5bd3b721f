"""How long the work takes on machines, as an estimate: enough to see who has no room for it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from labops.domain.matches.steps import LASER, StepAnswer
from labops.domain.matches.weights import Weights
from labops.domain.requests.needs import Need, Step

SLOWEST = 3.0
"""How much longer the weakest laser takes, and whoever has to go a roundabout way."""
_SQUARE_METRE = 1_000_000.0
_LITRE = 1_000_000.0
_FLAT = 2
_SMALL = 0.03
"""What a piece without a size counts: square metres, a hand's breadth."""
_MOST = 20.0


def hours_for(need: Need, answers: Sequence[StepAnswer], weights: Weights) -> float:
    """Return machine hours for all pieces of the whole need.

    They are the need's and not the lab's, so that one more machine never makes them more; only
    the power of a laser makes a difference, and no laser at all counts as the weakest.
    """
    count = need.quantity.value if need.quantity else 1
    return sum(
        count * _each(step, weights) * _slowness(step, one, weights)
        for step, one in zip(need.steps, answers, strict=True)
        if step.must
    )


def _slowness(step: Step, one: StepAnswer, weights: Weights) -> float:
    if step.processes.value != (LASER,):
        return 1.0
    if not one.met or one.watt is None:
        return SLOWEST
    return min(SLOWEST, max(1.0, weights.usual_laser_w / one.watt))


def _each(step: Step, weights: Weights) -> float:
    """Return hours for one piece by the fastest of the step's ways."""
    return min((_by(step, process, weights) for process in step.processes.value), default=0.2)


def _by(step: Step, process: str, weights: Weights) -> float:
    fixed, rate = weights.hours.get(process, (0.2, 1.0))
    size = step.size.value if step.size else ()
    if len(size) > _FLAT and not process.endswith("_cutting"):
        much = prod(size[:3]) / _LITRE
    elif len(size) >= _FLAT:
        much = size[0] * size[1] / _SQUARE_METRE
    else:
        much = _SMALL
    hours = fixed + rate * min(much, _MOST)
    return hours * weights.engraving_factor if step.engraved and process == LASER else hours
