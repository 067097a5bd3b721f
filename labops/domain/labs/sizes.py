"""Work areas as makers write them, in every manner that can be read without guessing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LONGEST_MM = 100_000.0
MOST_SIDES = 3
_TO_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4, "ft": 304.8}
_UNITS = {
    "mm": "mm",
    "millimetres": "mm",
    "millimeters": "mm",
    "cm": "cm",
    "m": "m",
    "in": "in",
    "inch": "in",
    "inches": "in",
    '"': "in",
    "″": "in",
    "”": "in",
    "''": "in",
    "ft": "ft",
    "'": "ft",
}
# What stands between sides: x, the sign for times, the Cyrillic letter that looks like an x.
_BETWEEN = re.compile(r"\s*[xX×хХ*✕]\s*|\s+by\s+|\s+per\s+")
_SIDE = re.compile(
    r"(?:[WwDdHhLlXxYyZz]\s*[:=]?\s*)?(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>[A-Za-z\"'″”]*)"
    r"(?:\s*\(?[WwDdHhLlXxYyZz]\)?)?"
)
_THREE_DECIMALS = re.compile(r"\d{1,3}[.,]\d{3}")


class Unread(StrEnum):
    """Why a work area was not read."""

    EMPTY = "empty"
    UNIT_MISSING = "unit-missing"
    UNIT_UNKNOWN = "unit-unknown"
    SEVERAL_SIZES = "several-sizes"
    ENDLESS = "endless"
    ROUND = "round"
    THOUSANDS = "thousands"
    SIDES = "sides"
    OUT_OF_RANGE = "out-of-range"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Size:
    """Width, depth and, when there are three, height, in millimetres; or why there are none."""

    sides_mm: tuple[float, ...] = ()
    unread: Unread | None = None


def read_size(text: str, *, unit: str = "") -> Size:
    """Return the size of a work area.

    `unit` is what numbers without one are in; without it such a size is not read. A number such
    as 1,245 may be one or a thousand, so it is not read either.
    """
    text = " ".join(text.split()).strip(" .;")
    objection = _objection(text)
    if objection:
        return Size(unread=objection)
    sides = [_SIDE.fullmatch(part.strip(" .")) for part in _BETWEEN.split(text)]
    if not all(sides):
        return Size(unread=Unread.OTHER)
    found = [side for side in sides if side]
    if not 1 < len(found) <= MOST_SIDES:
        return Size(unread=Unread.SIDES)
    units = [side["unit"].lower() for side in found]
    # One unit at the end speaks for all sides.
    units = [written or units[-1] or unit for written in units]
    if not all(units):
        return Size(unread=Unread.UNIT_MISSING)
    if not all(written in _UNITS for written in units):
        return Size(unread=Unread.UNIT_UNKNOWN)
    return _in_mm([side["number"] for side in found], units)


def _objection(text: str) -> Unread | None:
    if not text:
        return Unread.EMPTY
    if "∞" in text:
        return Unread.ENDLESS
    if "/" in text or ";" in text:
        return Unread.SEVERAL_SIZES
    return Unread.ROUND if re.search(r"[ØøΦ⌀]|(?i:\bdia)", text) else None


def _in_mm(numbers: list[str], units: list[str]) -> Size:
    if any(_THREE_DECIMALS.fullmatch(number) for number in numbers):
        return Size(unread=Unread.THOUSANDS)
    sides = tuple(
        round(float(number.replace(",", ".")) * _TO_MM[_UNITS[unit]], 2)
        for number, unit in zip(numbers, units, strict=True)
    )
    if not all(0 < side <= LONGEST_MM for side in sides):
        return Size(unread=Unread.OUT_OF_RANGE)
    return Size(sides)
