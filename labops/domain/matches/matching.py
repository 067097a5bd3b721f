"""One need against one lab: filters in their order, then the score by the public weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import cos, hypot, radians

from labops.domain.matches.hours import hours_for
from labops.domain.matches.labs import Lab
from labops.domain.matches.steps import Check, StepAnswer, answer
from labops.domain.matches.values import Code, Fit, Verdict
from labops.domain.matches.weights import Weights
from labops.domain.requests.needs import Must, Need

WISH = 0.12
"""What a step that is only wished for counts beside one that must be."""
FAR_KM = 15.0
DEAR = 100.0
"""Euro an hour from which a price is no comfort at all."""
UNREAD_WORTH = 0.3
"""What a lab of the same trade is worth where no step was understood."""
_MUSTS = (
    (Must.NDA, Code.NDA, "nda"),
    (Must.FOOD_CONTACT, Code.FOOD_CONTACT, "food_contact"),
    (Must.STEP_FREE, Code.STEP_FREE, "wheelchair"),
    (Must.ON_SITE, Code.ON_SITE, "onsite"),
)
ASKED_SERVICES = frozenset(
    {"training", "onsite_training", "digitizing", "design_help", "reverse_engineering",
     "onsite_install", "onsite_survey", "firmware", "testing", "assembly", "codesign"}
)  # fmt: skip
"""Services that labs are asked for; the others only colour a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, from where, on which day."""

    today: date
    place: tuple[float, float] | None = None
    firm: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What a lab could do for a need, and how it scores."""

    lab: Lab
    fit: Fit
    score: float
    steps: tuple[StepAnswer, ...]
    checks: tuple[Check, ...]
    comfort: Mapping[str, float]
    hours: float

    @property
    def lacking(self) -> list[Check]:
        """Return what is not met, in the order of the filters."""
        missing = [one.first_failure for one in self.steps]
        return [one for one in missing if one is not None] + [
            one for one in self.checks if one.verdict is Verdict.NO
        ]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A lab that is not referred to, and the first reason."""

    lab: Lab
    reason: Check
    steps: tuple[StepAnswer, ...] = field(default=())


def match(need: Need, lab: Lab, asking: Asking, weights: Weights) -> Match | LeftOut:
    """Hold the need against the lab."""
    bar = lab.bar(asking.today)
    if bar is not None:
        until = str(lab.valid_to) if lab.valid_to else None
        return LeftOut(lab, Check(bar, Verdict.NO, str(asking.today), None, until))
    if asking.firm and asking.firm in lab.conflicts:
        return LeftOut(lab, Check(Code.CONFLICT, Verdict.NO, asking.firm))
    answers = tuple(answer(step, lab, need, asking.today, weights) for step in need.steps)
    covered = _covered(need, lab, answers)
    if covered <= 0:
        return LeftOut(lab, _first(need, answers), answers)
    hours = hours_for(need, answers, weights)
    checks = _lab_checks(need, lab, asking, hours)
    score = covered * _left(checks, weights, lab, hours)
    if score < weights.near["least"]:
        first = _first(need, answers, checks)
        return LeftOut(lab, first, answers)
    comfort = _comfort(need, lab, answers, asking, hours, weights)
    share = weights.comfort["share"]
    weighted = sum(weights.comfort[name] * value for name, value in comfort.items())
    score *= 1 - share + share * weighted
    return Match(lab, _fit(need, answers, checks), score, answers, checks, comfort, hours)


def _covered(need: Need, lab: Lab, answers: Sequence[StepAnswer]) -> float:
    """Return the share of the need that the lab meets; wishes alone are nothing."""
    if not need.steps:
        alike = bool(lab.trades & set(need.trades)) or bool(
            lab.services & need.service_values & ASKED_SERVICES
        )
        return UNREAD_WORTH if alike else 0.0
    pairs = list(zip(need.steps, answers, strict=True))
    if not any(one.worth for step, one in pairs if step.must):
        return 0.0
    parts = [(1.0 if step.must else WISH, one.worth) for step, one in pairs]
    return sum(share * worth for share, worth in parts) / sum(share for share, _ in parts)


def _first(need: Need, answers: Sequence[StepAnswer], checks: Sequence[Check] = ()) -> Check:
    """Return the reason that stopped the lab: of the step on which it came farthest."""
    tried = [
        (sum(check.verdict is not Verdict.NO for check in one.checks), place)
        for place, (step, one) in enumerate(zip(need.steps, answers, strict=True))
        if step.must and not one.met
    ]
    if tried:
        farthest = answers[max(tried, key=lambda pair: (pair[0], -pair[1]))[1]].first_failure
        if farthest is not None:
            return farthest
    lacking = next((one for one in checks if one.verdict is Verdict.NO), None)
    return lacking or Check(Code.UNREAD, Verdict.NO, None)


def _lab_checks(need: Need, lab: Lab, asking: Asking, hours: float) -> tuple[Check, ...]:
    checks = []
    musts = need.must_values
    for must, code, name in _MUSTS:
        if must not in musts:
            continue
        if must is Must.ON_SITE and any(one.on_site for one in need.steps):
            continue  # only the survey is on site: asked of that step
        has = bool(getattr(lab, name))
        checks.append(Check(code, Verdict.YES if has else Verdict.NO, str(must), None, has))
    for service in sorted(need.service_values & ASKED_SERVICES):
        has = _offers(lab, service)
        checks.append(Check(Code.SERVICE, Verdict.YES if has else Verdict.NO, service, None, has))
    if need.due_on is not None:
        days = (need.due_on.value - asking.today).days
        verdict = Verdict.YES if lab.lead_time_days <= days else Verdict.NO
        checks.append(Check(Code.LEAD_TIME, verdict, days, None, lab.lead_time_days))
    if need.quantity is not None and lab.max_batch is not None:
        verdict = Verdict.YES if need.quantity.value <= lab.max_batch else Verdict.NO
        checks.append(Check(Code.BATCH, verdict, need.quantity.value, None, lab.max_batch))
    if lab.free_hours is not None and need.quantity is not None:
        verdict = Verdict.YES if hours <= lab.free_hours else Verdict.NO
        checks.append(Check(Code.HOURS, verdict, round(hours, 1), None, lab.free_hours))
    return tuple(checks)


def _offers(lab: Lab, service: str) -> bool:
    """Say whether the lab offers the service, or more than it."""
    if service in {"training", "onsite_training"}:
        wanted = (
            {"onsite_training"} if service == "onsite_training" else {"training", "onsite_training"}
        )
        return bool(lab.services & wanted) or ("training" in lab.services and lab.onsite)
    if service == "design_help":
        return bool(lab.services & {"design_help", "codesign"})
    return service in lab.services


_LACKING = {
    **{code: name for _, code, name in _MUSTS},
    Code.SERVICE: "service",
    Code.LEAD_TIME: "late",
    Code.BATCH: "batch",
}


def _left(checks: Sequence[Check], weights: Weights, lab: Lab, hours: float) -> float:
    """Return what is left of the score when all that is lacking is taken off."""
    left = 1.0
    for check in checks:
        if check.verdict is not Verdict.NO:
            continue
        if check.code is Code.HOURS:
            floor = weights.lacking["hours_floor"]
            left *= floor + (1 - floor) * (lab.free_hours or 0.0) / hours
        else:
            left *= weights.lacking[_LACKING[check.code]]
    return left


def _fit(need: Need, answers: Sequence[StepAnswer], checks: Sequence[Check]) -> Fit:
    musts = [one for step, one in zip(need.steps, answers, strict=True) if step.must]
    if not all(one.worth for one in musts):
        return Fit.PART
    whole = all(one.met for one in musts) and not any(one.verdict is Verdict.NO for one in checks)
    return Fit.WHOLE if whole and musts else Fit.NEARLY


def _comfort(
    need: Need,
    lab: Lab,
    answers: Sequence[StepAnswer],
    asking: Asking,
    hours: float,
    weights: Weights,
) -> dict[str, float]:
    """Return each comfort between 0 and 1; more capability never makes one smaller."""
    margins = [one.margin if one.met else 0.0 for one in answers]
    return {
        "cases": _cases(need, lab),
        "margin": sum(margins) / len(margins) if margins else 0.0,
        "capacity": _capacity(lab, hours),
        "answers": _answers(lab, weights),
        "price": _price(need, lab, hours),
        "distance": _nearness(asking.place, lab.place),
        "periphery": float(lab.periphery),
    }


def _answers(lab: Lab, weights: Weights) -> float:
    """Return the share of questions answered in time; newcomers count as the prior says."""
    asked = max(lab.asked, lab.answered)
    prior = weights.prior * weights.prior_weight
    return (prior + lab.answered) / (weights.prior_weight + asked)


def _cases(need: Need, lab: Lab) -> float:
    if need.trades and need.trades[0] in lab.trades:
        return 1.0
    return 0.6 if lab.trades & set(need.trades) else 0.0


def _capacity(lab: Lab, hours: float) -> float:
    if lab.free_hours is None:
        return 0.5
    wanted = max(hours, 0.5)
    return 0.5 * min(1.0, lab.free_hours / wanted) + 0.5 * min(1.0, lab.free_hours / (3 * wanted))


def _price(need: Need, lab: Lab, hours: float) -> float:
    if lab.rate is None:
        return 0.5
    cost = hours * lab.rate
    if need.budget is not None and cost > 0:
        return min(1.0, float(need.budget.value) / cost)
    return max(0.0, 1 - lab.rate / DEAR)


def _nearness(here: tuple[float, float] | None, there: tuple[float, float] | None) -> float:
    if here is None or there is None:
        return 0.5
    east = (there[1] - here[1]) * 111.3 * cos(radians(here[0]))
    return max(0.0, 1 - hypot((there[0] - here[0]) * 111.2, east) / FAR_KM)
