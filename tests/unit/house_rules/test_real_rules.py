"""Rules that places have published, and what their text decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labops.domain.house_rules.cases import decide, read_cases
from labops.domain.house_rules.files import read_file

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
PLACES = sorted(path.stem for path in FOLDER.glob("*.toml"))


@pytest.mark.parametrize("place", PLACES)
def test_what_a_place_has_published_is_decided(place: str) -> None:
    rules = read_file((FOLDER / f"{place}.toml").read_text(encoding="utf-8"))
    text = (FOLDER / f"{place}.json").read_text(encoding="utf-8")
    expected = {case["id"]: case["expected"] for case in json.loads(text)["cases"]}
    decided = {
        one.id: {"allowed": one.allowed, "codes": list(one.codes), "late": one.late}
        for one in decide(rules, read_cases(text))
    }
    assert len(expected) >= 10
    assert decided == expected


def test_all_seven_places_are_there() -> None:
    assert len(PLACES) == 8  # the seventh is two places with one rule each
