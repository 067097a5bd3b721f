"""The hard filters, one by one, and what is said to whoever they leave out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labops.domain.matches import weights
from labops.domain.matches.labs import Lab
from labops.domain.matches.matching import LeftOut, Match, match
from labops.domain.matches.ranking import rank
from labops.domain.matches.relaxing import nearest_change, relaxations
from labops.domain.matches.steps import fits_in
from labops.domain.matches.values import Code, Fit
from labops.domain.requests.needs import Must, Need
from tests.support.matching import ASKING, TODAY, lab, machine, need, step

PLY = step("laser_cutting", "plywood", size=(400.0, 300.0), thickness_mm=4.0)
LASER = machine("laser_cutting", "plywood", size=(900.0, 600.0), thickness={"plywood": 6.0})


def answer(wanted: Need, one: Lab) -> Match | LeftOut:
    return match(wanted, one, ASKING, weights.shipped())


def code(wanted: Need, one: Lab) -> Code | None:
    found = answer(wanted, one)
    if isinstance(found, LeftOut):
        return found.reason.code
    return found.lacking[0].code if found.lacking else None


@pytest.mark.parametrize(
    ("piece", "room", "fits"),
    [
        ((300, 400), (400, 300), True),
        ((401, 300), (400, 300), False),
        ((60, 25, 18), (30, 70, 20), True),
        ((60, 25, 18), (100, 100, 17), False),  # never tipped over
        ((500,), (2000,), True),
        ((300, 1800), (900,), True),  # a scarf, knitted along its length
        ((1100,), (900, 800), False),
        ((500, 900), (800, 600, 100), False),
        ((), (10, 10), True),
    ],
)
def test_pieces_turn_but_never_tip(
    piece: tuple[float, ...], room: tuple[float, ...], fits: bool
) -> None:
    assert fits_in(piece, room)[0] is fits


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (lab("A", LASER), None),
        (lab("A", LASER, standing="sospeso"), Code.SUSPENDED),
        (lab("A", LASER, standing="scaduto"), Code.EXPIRED),
        (lab("A", LASER, standing="in_istruttoria"), Code.NOT_YET_QUALIFIED),
        (lab("A", LASER, standing="?"), Code.NOT_QUALIFIED),
        (lab("A", LASER, valid_to=TODAY - timedelta(days=1)), Code.EXPIRED),
        (lab("A", LASER, valid_to=TODAY), None),
        (lab("A", LASER, valid_from=TODAY + timedelta(days=1)), Code.NOT_YET_QUALIFIED),
        (lab("A", LASER, conflicts=frozenset({ASKING.firm})), Code.CONFLICT),
        (lab("A", machine("sls", "pa12")), Code.PROCESS),
        (lab("A", machine("laser_cutting", "felt")), Code.MATERIAL),
        (lab("A", machine("laser_cutting", "plywood", size=(300.0, 200.0))), Code.SIZE),
        (lab("A", machine("laser_cutting", "plywood", thickness={"plywood": 3.0})), Code.THICKNESS),
        (lab("A", machine("laser_cutting", "plywood", in_service=False)), Code.OUT_OF_SERVICE),
        (lab("A", LASER, lead_time_days=30), Code.LEAD_TIME),
        (lab("A", LASER, free_hours=1.0), Code.HOURS),
        (lab("A", LASER, max_batch=10), Code.BATCH),
    ],
)  # fmt: skip
def test_each_filter_has_its_code(one: Lab, expected: Code | None) -> None:
    assert code(need(PLY, days=20, quantity=100), one) == expected


def test_a_machine_that_is_back_before_the_deadline_counts() -> None:
    broken = machine(
        "laser_cutting", "plywood", in_service=False, back_on=TODAY + timedelta(days=10)
    )
    assert code(need(PLY, days=20), lab("A", broken)) is None
    assert code(need(PLY, days=10), lab("A", broken)) is Code.OUT_OF_SERVICE
    assert code(need(PLY), lab("A", broken)) is Code.OUT_OF_SERVICE


@pytest.mark.parametrize("material", ["leather_chrome", "pvc_foam", "vinyl"])
def test_what_poisons_never_comes_on_a_laser(material: str) -> None:
    careless = lab("A", machine("laser_cutting", material))
    found = answer(need(step("laser_cutting", material)), careless)
    assert isinstance(found, LeftOut)
    assert found.reason.code is Code.FORBIDDEN


@pytest.mark.parametrize(
    ("must", "has", "expected"),
    [
        (Must.NDA, "nda", Code.NDA),
        (Must.FOOD_CONTACT, "food_contact", Code.FOOD_CONTACT),
        (Must.STEP_FREE, "wheelchair", Code.STEP_FREE),
        (Must.ON_SITE, "onsite", Code.ON_SITE),
    ],
)
def test_musts(must: Must, has: str, expected: Code) -> None:
    wanted = need(PLY, musts=(must,))
    assert code(wanted, lab("A", LASER)) is expected
    assert code(wanted, lab("A", LASER, **{has: True})) is None


def test_a_lab_that_does_one_step_is_a_partner_and_a_team_is_proposed() -> None:
    wanted = need(PLY, step("embroidery", "cotton"))
    cutter = lab("A", LASER)
    needle = lab("B", machine("embroidery", "cotton"))
    found = rank(wanted, [cutter, needle], ASKING, seed="1")
    assert {(one.lab.id, one.fit) for one in found.matches} == {("A", Fit.PART), ("B", Fit.PART)}
    assert [team.by_step for team in found.teams] == [("A", "B")]
    both = lab("C", LASER, machine("embroidery", "cotton"))
    whole = rank(wanted, [cutter, needle, both], ASKING, seed="1")
    assert whole.matches[0].lab.id == "C"
    assert whole.teams == ()


def test_the_nearest_change_and_relaxations_are_offered() -> None:
    small = machine("laser_cutting", "plywood", size=(250.0, 250.0))
    found = rank(
        need(PLY, days=4), [lab("A", LASER), lab("B", small, lead_time_days=1)], ASKING, seed="1"
    )
    assert {(one.name, one.labs) for one in relaxations(found)} == {
        ("later", ("A",)),
        ("halve-size", ("B",)),
    }
    gone = answer(need(PLY), lab("A", machine("sls", "pa12")))
    assert isinstance(gone, LeftOut)
    change = nearest_change(gone)
    assert change is not None
    assert change.name == "other-process"


def test_a_need_that_was_not_understood_leaves_everybody_out_for_that_reason() -> None:
    found = answer(need(), lab("A", LASER))
    assert isinstance(found, LeftOut)
    assert found.reason.code is Code.UNREAD
