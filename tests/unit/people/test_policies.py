"""Phone numbers and tax codes: what is kept, what is refused."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.people.policies import check_sign, phone_number, shown_phone, tax_code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("333 123 4567", "+393331234567"),
        ("02 1234 5678", "+390212345678"),
        ("+44 20 7946 0958", "+442079460958"),
        ("0039 333-1234567", "+393331234567"),
    ],
)
def test_phone_numbers_are_kept_in_one_form(typed: str, kept: str) -> None:
    assert phone_number(typed) == kept
    assert phone_number(shown_phone(kept)) == kept


@pytest.mark.parametrize("typed", ["12", "mamma", "+39 333", "=1+1", "333 123 4567 int. 5"])
def test_what_no_network_connects_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"field.not-a-phone"):
        phone_number(typed)


@pytest.mark.parametrize(
    "code", ["RSSMRA85T10A562S", "MRTMTT91D08F205J", "rss mra 85t10 a562s", "RSSMRA85T10A56NH"]
)
def test_real_tax_codes_pass_also_those_made_to_differ_by_letters(code: str) -> None:
    assert tax_code(code) == code.replace(" ", "").upper()


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(string.ascii_uppercase))
def test_a_tax_code_has_one_right_last_sign(last: str) -> None:
    first = "RSSMRA85T10A562"
    if last == check_sign(first):
        assert tax_code(first + last) == first + last
    else:
        with pytest.raises(ValueError, match=r"field.not-a-tax-code"):
            tax_code(first + last)


@pytest.mark.parametrize("code", ["RSSMRA85T10A562", "RSSMRA85Z10A562S", "1234567890123456"])
def test_other_shapes_are_no_tax_codes(code: str) -> None:
    with pytest.raises(ValueError, match=r"field.not-a-tax-code"):
        tax_code(code)
