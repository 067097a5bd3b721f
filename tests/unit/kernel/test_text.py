"""Text without control characters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labops.kernel.text import one_line, without_controls

OTHER_SCRIPTS = "10\u00a0mm 😀 è e\u0301 Ж 创"
any_text = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("typed", "lines", "line"),
    [
        ("", "", ""),
        ("Laser cutter", "Laser cutter", "Laser cutter"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd", "a b c d"),
        ("a\u2028b\u2029c\x85d\x0be\x0cf", "a\nb\nc\nd\ne\nf", "a b c d e f"),
        ("nul\x00 bell\x07 delete\x7f c1\x9b", "nul bell delete c1", "nul bell delete c1"),
        ("tab\tstop", "tab stop", "tab stop"),
        ("half \ud83d, none \ufeff\ufffe\uffff", "half , none ", "half , none"),
        ("  two  gaps\n\n ", "  two  gaps\n\n ", "two gaps"),
        (
            "10\u00a0mm 😀 è e\u0301 Ж 创",
            "10\u00a0mm 😀 è e\u0301 Ж 创",
            "10\u00a0mm 😀 è e\u0301 Ж 创",
        ),
    ],
)
def test_controls_go_and_words_stay_apart(typed: str, lines: str, line: str) -> None:
    assert without_controls(typed) == lines
    assert one_line(typed) == line


@given(any_text)
def test_nothing_that_hurts_is_left(text: str) -> None:
    for cleaned in (without_controls(text), one_line(text)):
        cleaned.encode()
        for sign in cleaned:
            assert sign == "\n" or unicodedata.category(sign) not in {"Cc", "Cs", "Zl", "Zp"}
    assert "\n" not in one_line(text)


@given(any_text)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert without_controls(without_controls(text)) == without_controls(text)
    assert one_line(one_line(text)) == one_line(text)
    assert one_line(without_controls(text)) == one_line(text)
