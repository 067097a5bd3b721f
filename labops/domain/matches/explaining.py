"""The explanation, one plain value for page, PDF and API: what was read, and each lab's answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from labops.domain.matches.matching import LeftOut, Match
from labops.domain.matches.ranking import Ranking, Team
from labops.domain.matches.relaxing import as_data as change_as_data
from labops.domain.matches.relaxing import nearest_change, relaxations
from labops.domain.matches.steps import Check, StepAnswer
from labops.domain.matches.values import Verdict
from labops.domain.requests.needs import Need, Read, Step

DIGITS = 4
SIGNS = {Verdict.YES: "✔", Verdict.NO: "✖", Verdict.ABOUT: "≈"}


def need_as_data(need: Need, today: date) -> dict[str, Any]:
    """Return what was understood, each field with the words it came from."""
    data: dict[str, Any] = {
        "language": need.language,
        "trades": list(need.trades),
        "steps": [step_as_data(step) for step in need.steps],
        "quantity": need.quantity and need.quantity.value,
        "deadline_on": need.due_on and need.due_on.value.isoformat(),
        "deadline_days": need.due_on and (need.due_on.value - today).days,
        "budget_eur": need.budget and float(need.budget.value),
        "services": [one.value for one in need.services],
        "must": [str(one.value) for one in need.musts],
        "excluded": [one.value for one in need.excluded],
    }
    data["quotes"] = {
        name: quotes
        for name, quotes in (
            ("quantity", _quotes(need.quantity)),
            ("deadline", _quotes(need.due_on)),
            ("budget", _quotes(need.budget)),
            *((f"service.{one.value}", _quotes(one)) for one in need.services),
            *((f"must.{one.value}", _quotes(one)) for one in need.musts),
            *((f"excluded.{one.value}", _quotes(one)) for one in need.excluded),
        )
        if quotes
    }
    return data


def step_as_data(step: Step) -> dict[str, Any]:
    """Return a step in the terms of matching files, with its words."""
    fields: tuple[tuple[str, Read[Any] | None], ...] = (
        ("any_process", step.processes),
        ("any_material", step.materials),
        ("envelope_mm", step.size),
        ("thickness_mm", step.thickness_mm),
        ("tolerance_mm", step.tolerance_mm),
        *step.traits,
    )
    data: dict[str, Any] = {"must": step.must}
    if step.on_site:
        data["onsite"] = True
    for name, read in fields:
        if read is not None and read.value not in ((), None):
            data[name] = list(read.value) if isinstance(read.value, tuple) else read.value
    data["quotes"] = {name: found for name, read in fields if (found := _quotes(read))}
    implied = [name for name, read in fields if read is not None and read.implied and read.value]
    if implied:
        data["implied"] = implied
    return data


def _quotes(read: Read[Any] | None) -> list[dict[str, Any]]:
    if read is None:
        return []
    return [
        {"part": str(one.part), "start": one.start, "stop": one.stop, "words": one.words}
        for one in dict.fromkeys(read.quotes)
    ]


def check_as_data(check: Check) -> dict[str, Any]:
    """Return a row: requirement, machine, value against limit, and when it was verified."""
    return {
        "code": str(check.code),
        "verdict": str(check.verdict),
        "sign": SIGNS[check.verdict],
        "wanted": _plain(check.wanted),
        "machine": check.machine,
        "found": _plain(check.found),
        "source": "lab" if check.machine is None else "machine",
        "verified_on": check.verified_on and check.verified_on.isoformat(),
    }


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def _step_answer(place: int, one: StepAnswer) -> dict[str, Any]:
    return {
        "step": place,
        "met": one.met,
        "worth": round(one.worth, DIGITS),
        "machine": one.machine.name if one.machine else None,
        "checks": [check_as_data(check) for check in one.checks],
    }


def match_as_data(one: Match) -> dict[str, Any]:
    """Return a lab with its score and every reason."""
    return {
        "lab": one.lab.id,
        "name": one.lab.name,
        "score": round(one.score, DIGITS),
        "explanation": {
            "fit": str(one.fit),
            "steps": [_step_answer(place, answer) for place, answer in enumerate(one.steps)],
            "checks": [check_as_data(check) for check in one.checks],
            "comfort": {name: round(value, DIGITS) for name, value in one.comfort.items()},
            "hours": round(one.hours, 1),
            "lacking": [str(check.code) for check in one.lacking],
        },
    }


def left_out_as_data(one: LeftOut) -> dict[str, Any]:
    """Return a lab that was left out, the first reason, and what would have made it fit."""
    return {
        "lab": one.lab.id,
        "code": str(one.reason.code),
        "reason": check_as_data(one.reason),
        "change": change_as_data(nearest_change(one)),
    }


def _team(one: Team) -> dict[str, Any]:
    return {
        "labs": [lab.id for lab in one.labs],
        "by_step": list(one.by_step),
        "score": round(one.score, DIGITS),
    }


def ranking_as_data(request: str, need: Need, ranking: Ranking, today: date) -> Mapping[str, Any]:
    """Return the whole answer to one request, the best lab first."""
    receipt = ranking.receipt
    return {
        "request": request,
        "understood": need_as_data(need, today),
        "labs": [match_as_data(one) for one in ranking.matches],
        "left_out": [left_out_as_data(one) for one in ranking.left_out],
        "teams": [_team(one) for one in ranking.teams],
        "relaxations": [
            {"change": one.name, "labs": list(one.labs)} for one in relaxations(ranking)
        ],
        "receipt": {
            "seed": receipt.seed,
            "band": receipt.band,
            "weights_version": receipt.weights_version,
            "by_score": list(receipt.by_score),
            "bands": [list(band) for band in receipt.bands],
            "debts": dict(receipt.debts),
        },
    }
