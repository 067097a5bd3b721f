"""What a person's particulars must look like: phone numbers, the tax code, the day of birth."""

from __future__ import annotations

import re
from datetime import date

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

HOME_REGION = "IT"  # numbers written without a country are Italian
EARLIEST_BIRTH = date(1900, 1, 1)
TAX_CODE_LENGTH = 16
_TAX_CODE = re.compile(
    "[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]"
)
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# What a sign at an odd place counts for, by its number; at an even place the number itself counts.
_ODD = (
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
    *(2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
)


def phone_number(typed: str) -> str:
    """Return a phone number in its international form (`+393331234567`); empty stays empty.

    Raises `ValueError` with `field.not-a-phone` for what no network would connect.
    """
    if not typed.strip():
        return ""
    try:
        number = phonenumbers.parse(typed, HOME_REGION)
    except NumberParseException as error:
        raise ValueError("field.not-a-phone") from error
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise ValueError("field.not-a-phone")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def shown_phone(number: str) -> str:
    """Return a kept number as people write it (`+39 333 123 4567`)."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return number
    return phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL)


def tax_code(typed: str) -> str:
    """Return a tax code (codice fiscale) in capitals without gaps; empty stays empty.

    Raises `ValueError` with `field.not-a-tax-code` when its shape or its last sign is wrong.
    """
    code = re.sub(r"\s", "", typed).upper()
    if not code:
        return ""
    if not _TAX_CODE.fullmatch(code) or check_sign(code[:-1]) != code[-1]:
        raise ValueError("field.not-a-tax-code")
    return code


def check_sign(first_fifteen: str) -> str:
    """Return the last sign of a tax code, which the fifteen before it decide."""
    total = 0
    for place, sign in enumerate(first_fifteen, 1):
        number = int(sign) if sign.isdigit() else _ALPHABET.index(sign)
        total += _ODD[number] if place % 2 else number
    return _ALPHABET[total % len(_ALPHABET)]


def birth_date(born_on: date | None, today: date) -> date | None:
    """Return the day; raises `ValueError` with `field.out-of-range` for one that cannot be."""
    if born_on is not None and not EARLIEST_BIRTH <= born_on <= today:
        raise ValueError("field.out-of-range")
    return born_on
