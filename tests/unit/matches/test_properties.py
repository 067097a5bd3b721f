"""Promises of ranking that hold for every lab and every need."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import log2

from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.matches import weights
from labops.domain.matches.labs import Lab
from labops.domain.matches.matching import Match, match
from labops.domain.matches.ranking import rank
from labops.domain.matches.rotation import Attention
from labops.domain.requests.needs import Must, Need
from tests.support.matching import ASKING, TODAY, lab, machine, need, step

PROCESSES = st.sampled_from(
    ["laser_cutting", "cnc_routing", "knife_cutting", "fdm", "sls", "casting"]
)
MATERIALS = st.lists(
    st.sampled_from(["plywood", "mdf", "cardboard", "pla", "pa12", "plaster", "leather_chrome"]),
    max_size=4,
    unique=True,
)
SIZES = st.one_of(
    st.none(),
    st.tuples(*[st.sampled_from([50.0, 200.0, 400.0, 900.0])] * 2),
    st.tuples(*[st.sampled_from([50.0, 200.0, 400.0])] * 3),
)
POSITIVE = st.sampled_from([0.05, 0.2, 0.5, None])
MACHINES = st.builds(
    lambda process, materials, size, fine, thick, watt, runs: machine(
        process, *materials, size=size, tolerance_mm=fine, thickness=dict.fromkeys(materials, thick) if thick else {},
        name=f"{process} {watt} W" if watt else process, in_service=runs,
    ),
    PROCESSES, MATERIALS, SIZES, POSITIVE, st.sampled_from([None, 3.0, 10.0]), st.sampled_from([None, 20, 40, 150]), st.booleans(),
)  # fmt: skip
LABS = st.builds(
    lambda machines, free, services, flags, lead: lab(
        "A", *machines, free_hours=free, services=frozenset(services), lead_time_days=lead,
        **{name: name in flags for name in ("nda", "onsite", "wheelchair", "food_contact")},
    ),
    st.lists(MACHINES, max_size=4), st.sampled_from([None, 0.0, 3.0, 40.0]), st.lists(st.sampled_from(["training", "assembly"]), max_size=2),
    st.sets(st.sampled_from(["nda", "onsite", "wheelchair", "food_contact"])), st.sampled_from([1, 10, 30]),
)  # fmt: skip
STEPS = st.builds(
    lambda processes, materials, size, fine, thick, must, there: step(
        " ".join(processes), *materials, size=size, tolerance_mm=fine, thickness_mm=thick, must=must, on_site=there
    ),
    st.lists(PROCESSES, min_size=1, max_size=2, unique=True), MATERIALS, SIZES, POSITIVE, st.sampled_from([None, 4.0]), st.booleans(), st.booleans(),
)  # fmt: skip
NEEDS = st.builds(
    lambda steps, musts, days, count, services: need(*steps, musts=tuple(musts), days=days, quantity=count, services=services),
    st.lists(STEPS, max_size=3), st.sets(st.sampled_from(list(Must))), st.sampled_from([None, 7, 40]), st.sampled_from([None, 1, 30, 500]),
    st.lists(st.sampled_from(["training", "assembly"]), unique=True),
)  # fmt: skip


def score(wanted: Need, one: Lab) -> float:
    found = match(wanted, one, ASKING, weights.shipped())
    return found.score if isinstance(found, Match) else 0.0


@settings(max_examples=200, deadline=None)
@given(NEEDS, LABS, MACHINES)
def test_one_more_capability_never_lowers_a_lab(wanted: Need, one: Lab, more: object) -> None:
    before = score(wanted, one) - 1e-9
    assert score(wanted, replace(one, machines=(*one.machines, more))) >= before
    assert (
        score(wanted, replace(one, services=one.services | {"training", "onsite_training"}))
        >= before
    )
    for flag in ("nda", "onsite", "wheelchair", "food_contact", "periphery"):
        assert score(wanted, replace(one, **{flag: True})) >= before
    if one.machines:
        first, *others = one.machines
        wider = replace(first, materials=first.materials | {"plywood", "pla"}, in_service=True)
        assert score(wanted, replace(one, machines=(wider, *others))) >= before


@settings(max_examples=60, deadline=None)
@given(NEEDS, LABS)
def test_a_lab_that_may_not_be_referred_to_never_appears(wanted: Need, one: Lab) -> None:
    for barred in (
        replace(one, standing="sospeso"),
        replace(one, standing="scaduto"),
        replace(one, valid_to=TODAY - timedelta(days=1)),
        replace(one, valid_from=None),
        replace(one, conflicts=frozenset({ASKING.firm})),
    ):
        assert rank(wanted, [barred], ASKING, seed="1").matches == ()


@settings(max_examples=60, deadline=None)
@given(
    NEEDS.filter(lambda one: bool(one.steps)),
    st.lists(LABS, min_size=2, max_size=12),
    st.text(max_size=5),
    st.lists(st.floats(0, 1), min_size=24, max_size=24),
)
def test_rotation_stays_within_its_band(
    wanted: Need, labs: list[Lab], seed: str, shares: list[float]
) -> None:
    named = [replace(one, id=str(place)) for place, one in enumerate(labs)]
    ids = [one.id for one in named]
    attention = Attention(
        had=dict(zip(ids, shares, strict=False)), earned=dict(zip(ids, shares[12:], strict=False))
    )
    found = rank(wanted, named, ASKING, seed=seed, attention=attention)
    scores = [one.score for one in found.matches]
    width = weights.shipped().band
    for place, mine in enumerate(scores):
        assert all(later - mine <= width + 1e-12 for later in scores[place + 1 :])
    assert _gain(sorted(scores, reverse=True)) * 0.99 <= _gain(scores) + 1e-12
    again = rank(wanted, list(reversed(named)), ASKING, seed=seed, attention=attention)
    assert [one.lab.id for one in again.matches] == [one.lab.id for one in found.matches]
    assert [lab_id for band in found.receipt.bands for lab_id in band] == [
        one.lab.id for one in found.matches
    ]


def _gain(scores: list[float]) -> float:
    return sum((2 ** (3 * one) - 1) / log2(place + 2) for place, one in enumerate(scores[:5]))


def test_who_had_less_than_it_earned_comes_first_among_equals() -> None:
    laser = machine("laser_cutting", "plywood")
    pair = [lab("A", laser, assignments=9), lab("B", laser, assignments=1)]
    wanted = need(step("laser_cutting", "plywood"))
    assert [one.lab.id for one in rank(wanted, pair, ASKING, seed="x").matches] == ["B", "A"]
    owed = Attention(had={"A": 0.1, "B": 0.4}, earned={"A": 0.5, "B": 0.5})
    found = rank(wanted, pair, ASKING, seed="x", attention=owed)
    assert [one.lab.id for one in found.matches] == ["A", "B"]
    assert found.receipt.debts == {"A": 0.4, "B": 0.5 - 0.4}
