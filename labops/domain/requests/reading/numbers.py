"""Numbers in digits and in words, Italian and English."""

from __future__ import annotations

import re
from functools import lru_cache

MOST = 1_000_000_000
_IT = {
    "due": 2, "tre": 3, "quattro": 4, "cinque": 5, "sei": 6, "sette": 7, "otto": 8, "nove": 9,
    "dieci": 10, "undici": 11, "dodici": 12, "tredici": 13, "quattordici": 14, "quindici": 15,
    "sedici": 16, "diciassette": 17, "diciotto": 18, "diciannove": 19,
}  # fmt: skip
_IT_TENS = {
    "venti": 20, "trenta": 30, "quaranta": 40, "cinquanta": 50, "sessanta": 60, "settanta": 70,
    "ottanta": 80, "novanta": 90,
}  # fmt: skip
_IT_ABOUT = {
    "decina": 10, "dozzina": 12, "quindicina": 15, "ventina": 20, "trentina": 30, "quarantina": 40,
    "cinquantina": 50, "sessantina": 60, "centinaio": 100, "centinaia": 200, "migliaio": 1000,
    "coppia": 2, "paio": 2, "decine": 20, "dozzine": 24, "migliaia": 2000,
}  # fmt: skip
_EN = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30,
    "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "dozen": 12, "couple": 2, "pair": 2, "hundred": 100, "thousand": 1000,
}  # fmt: skip
_GROUPS = re.compile(r"[1-9]\d{0,2}(?:([.,])\d{3})(?:\1\d{3})*(?:[.,]\d{1,2})?\Z")


def number_in_digits(digits: str, language: str) -> float | None:
    """Return the number: "1.500" is 1500 in Italian and 1.5 in English, "0,3" is 0.3 in both."""
    if len(digits) > 18:  # noqa: PLR2004 - an IBAN or the like
        return None
    grouped = _GROUPS.match(digits)
    if grouped and grouped.group(1) == ("," if language == "en" else "."):
        whole = digits.replace(grouped.group(1), "")
        return _float(whole.replace(",", "."))
    if digits.count(".") + digits.count(",") > 1:
        return None  # a date or a version
    return _float(digits.replace(",", "."))


def _float(digits: str) -> float | None:
    try:
        number = float(digits)
    except ValueError:
        return None
    return number if number <= MOST else None


def number_in_words(word: str, language: str) -> float | None:
    """Return what a single word means as a number, or None; "una" is no number here."""
    if language == "en":
        return _EN.get(word)
    return _italian(word)


@lru_cache(maxsize=4096)
def _italian(word: str) -> float | None:
    small = _IT.get(word) or _IT_TENS.get(word) or _IT_ABOUT.get(word)
    if small:
        return small
    if "mila" in word or word.startswith("mille"):
        head, _, rest = word.partition("mille" if word.startswith("mille") else "mila")
        times = 1 if not head else _italian(head)
        more = 0 if not rest else _italian(rest)
        return None if times is None or more is None else times * 1000 + more
    if "cento" in word:
        head, _, rest = word.partition("cento")
        times = 1 if not head else _IT.get(head)
        more = 0 if not rest else _italian(rest)
        return None if times is None or more is None else times * 100 + more
    return _tens(word)


def _tens(word: str) -> float | None:
    for name, number in _IT_TENS.items():
        stem = name[:-1]
        if word.startswith(stem):
            rest = word[len(name) :] if word.startswith(name) else word[len(stem) :]
            if rest in {"uno", "un"}:
                return number + 1
            more = _IT.get(rest)
            if more and more < 10:  # noqa: PLR2004 - "ventuno" to "ventinove"
                return number + more
    return None
