"""The line of each key in a TOML text."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.house_rules.files import read_level, write_level
from labops.domain.house_rules.places import lines_of

TEXT = '''# a remark with = and [brackets]
grid_minutes = 30 # and another
"odd key".inner = """two
lines \\""" and a ]"""
quotas = [ # one on each line
  { hours = 3, window = "d{]ay" },

  { exempt = { same_date = true }, plans = ["a", 'b#'] },
]
[timetables.peak]
hours = [ "mon 9-12",
 "tue 9-12"]
[[limits]]
rule = "run"
[limits.exempt]
walk_in = true
[[limits]]
rule = 'gap'
closed = 2026-01-01 10:00:00
'''


def test_every_key_and_entry_has_its_line() -> None:
    tomllib.loads(TEXT)
    assert lines_of(TEXT) == {
        "grid_minutes": 2,
        "odd key.inner": 3,
        "quotas": 5,
        "quotas[1]": 6,
        "quotas[1].hours": 6,
        "quotas[1].window": 6,
        "quotas[2]": 8,
        "quotas[2].exempt": 8,
        "quotas[2].exempt.same_date": 8,
        "quotas[2].plans": 8,
        "quotas[2].plans[1]": 8,
        "quotas[2].plans[2]": 8,
        "timetables": 10,
        "timetables.peak": 10,
        "timetables.peak.hours": 11,
        "timetables.peak.hours[1]": 11,
        "timetables.peak.hours[2]": 12,
        "limits": 13,
        "limits[1]": 13,
        "limits[1].rule": 14,
        "limits[1].exempt": 15,
        "limits[1].exempt.walk_in": 16,
        "limits[2]": 17,
        "limits[2].rule": 18,
        "limits[2].closed": 19,
    }


def places(data: Any, at: str = "") -> set[str]:
    """Return every place of the data."""
    found = {at} if at else set()
    if isinstance(data, dict):
        for key, value in data.items():
            found |= places(value, f"{at}.{key}" if at else key)
    elif isinstance(data, list):
        for number, value in enumerate(data, 1):
            found |= places(value, f"{at}[{number}]")
    return found


keys = st.text("abc_-", min_size=1, max_size=4)
values = st.recursive(
    st.integers() | st.booleans() | st.text("ab'\"\\]}#=,\n ", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(keys, values, max_size=4))
def test_whatever_is_written_has_a_line_for_everything(data: dict[str, Any]) -> None:
    text = write_level(data)
    assert read_level(text) == data
    lines = lines_of(text)
    assert set(lines) == places(data)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
