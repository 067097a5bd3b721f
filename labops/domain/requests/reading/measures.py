"""Lengths in a text: sizes such as "30x40 cm", single sides, thickness, tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labops.domain.requests.reading.tokens import Token
from labops.domain.requests.reading.units import FORMATS, FRACTIONS, HALF, MM, ONE, axis_of

REACH = 4
"""Tokens between a number and the word that says which side it is."""
_JOINS = frozenset({"x", "×", "*", "per", "by"})
_FILL = frozenset(
    "di da del della e fino a al massimo massima max circa circa: is of about at most up to "
    "the il la  "
    "piu non oltre intorno : = è ai sui su in un una cosi come".split()
)
_NOT_LENGTHS = frozenset(
    "euro € eur giorni giorno settimane settimana mesi mese ore ora minuti days weeks months "
    "hours pezzi copie  "
    "% ° gradi kg g grammi litri anni years colori colours aghi w watt kw volt v assi axis "
    "axes ragazzi  "
    "persone people".split()
)


@dataclass(frozen=True, slots=True)
class Measure:
    """Lengths that stand together; `unit` is millimetres a unit, None where it was not said."""

    first: int
    last: int
    values: tuple[float, ...]
    unit: float | None
    axis: str
    """`size`, a side of `units.AXES`, or `bare`."""
    sentence: int


def measures_of(tokens: Sequence[Token]) -> list[Measure]:
    """Return the lengths of the text by place."""
    found: list[Measure] = []
    place = 0
    while place < len(tokens):
        measure = _product(tokens, place) or _fraction(tokens, place) or _single(tokens, place)
        measure = measure or _format(tokens, place)
        if measure is None:
            place += 1
            continue
        found.append(measure)
        place = measure.last + 1
    return found


def _unit_at(tokens: Sequence[Token], place: int) -> float | None:
    if place >= len(tokens) or tokens[place].kind == "number":
        return None
    if tokens[place].plain == "m" and place + 1 < len(tokens) and tokens[place + 1].value:
        return None  # "M 4" is a thread
    return MM.get(tokens[place].plain)


def _number_at(tokens: Sequence[Token], place: int) -> float | None:
    if place >= len(tokens):
        return None
    value = tokens[place].value
    return value if value is not None and value > 0 else None


def _product(tokens: Sequence[Token], place: int) -> Measure | None:
    """Read "30x40", "60 x 25 x 18 mm", "12 per 8 cm", "30 cm per 180"."""
    if tokens[place].kind != "number":
        return None
    values: list[float] = []
    units: list[float | None] = []
    end = place
    while (value := _number_at(tokens, end)) is not None and len(values) < 3:  # noqa: PLR2004
        values.append(value)
        unit = _unit_at(tokens, end + 1)
        units.append(unit)
        last = end + 1 if unit else end
        end = last + 1
        word = tokens[end].plain if end < len(tokens) else ""
        following = end + 1 < len(tokens) and tokens[end + 1].kind == "number"
        if word not in _JOINS or not following:
            break
        if word in {"per", "by"} and not _lengths_follow(tokens, end + 1, unit):
            break
        end += 1
    if len(values) < 2:  # noqa: PLR2004
        return None
    said = [unit for unit in units if unit]
    if not said:
        return Measure(place, last, tuple(values), None, "size", tokens[place].sentence)
    filled, later = [], said[-1]
    for value, unit in zip(reversed(values), reversed(units), strict=True):
        later = unit or later
        filled.append(value * later)
    return Measure(place, last, tuple(reversed(filled)), 1.0, "size", tokens[place].sentence)


def _lengths_follow(tokens: Sequence[Token], place: int, unit: float | None) -> bool:
    after = tokens[place + 1].plain if place + 1 < len(tokens) else ""
    return after not in _NOT_LENGTHS and (unit is not None or after in MM)


def _fraction(tokens: Sequence[Token], place: int) -> Measure | None:
    """Read "tre decimi", "due centesimi di millimetro", "un decimo", "mezzo decimo"."""
    if place + 1 >= len(tokens) or tokens[place + 1].plain not in FRACTIONS:
        return None
    word = tokens[place].plain
    value = _number_at(tokens, place)
    if word in HALF:
        value = 0.5
    elif value is None and word in ONE:
        value = 1.0
    if value is None:
        return None
    length = value * FRACTIONS[tokens[place + 1].plain]
    axis = _axis_before(tokens, place) or _axis_after(tokens, place + 2)
    axis = axis if axis in {"thickness", "detail"} else "tolerance"
    return Measure(place, place + 1, (length,), 1.0, axis, tokens[place].sentence)


def _single(tokens: Sequence[Token], place: int) -> Measure | None:
    """Read "240 cm", "alte 12", "spesso 3 mm", "un metro e mezzo", "due metri"."""
    value = _number_at(tokens, place)
    word = tokens[place].plain
    unit = _unit_at(tokens, place + 1)
    if value is None and unit is not None:
        value = 0.5 if word in HALF else 1.0 if word in {"un", "one", "a"} else None
    if value is None:
        return None
    last = place + 1 if unit else place
    half = [token.plain for token in tokens[last + 1 : last + 3]]
    if unit and len(half) == 2 and half[0] in {"e", "and"} and half[1] in HALF:  # noqa: PLR2004
        value, last = value + 0.5, last + 2
    before = _axis_before(tokens, place)
    if unit is None:
        after = tokens[last + 1].plain if last + 1 < len(tokens) else ""
        if before is None or after in _NOT_LENGTHS:
            return None
        return Measure(place, last, (value,), None, before, tokens[place].sentence)
    axis = before or _axis_after(tokens, last + 1) or "bare"
    return Measure(place, last, (value * unit,), 1.0, axis, tokens[place].sentence)


def _format(tokens: Sequence[Token], place: int) -> Measure | None:
    sides = FORMATS.get(tokens[place].plain)
    if sides is None:
        return None
    return Measure(place, place, sides, 1.0, "size", tokens[place].sentence)


def _axis_before(tokens: Sequence[Token], place: int) -> str | None:
    """Return the side named just before, over words such as "di" or "max"."""
    for back in range(place - 1, max(-1, place - REACH - 1), -1):
        token = tokens[back]
        axis = axis_of(token.plain)
        if axis is not None:
            return axis
        if token.plain not in _FILL and token.plain not in {"(", "'", "’"}:
            return None
    return None


def _axis_after(tokens: Sequence[Token], place: int) -> str | None:
    """Return the side named just after: "10 mm di spessore", "5 mm high"."""
    for token in tokens[place : place + 3]:
        axis = axis_of(token.plain)
        if axis is not None:
            adverb = token.plain[-1:] in "aoei" and axis in {"height", "length", "width"}
            return None if adverb and token.plain in _ADJECTIVES else axis
        if token.plain not in {"di", "in", "of", "e", "'", "’"}:
            return None
    return None


# "40 cm alte" does not exist: an adjective after a length begins the next one.
_ADJECTIVES = frozenset(
    "alto alta alti alte lungo lunga lunghi lunghe largo larga larghi larghe profondo "
    "profonda profondi  "
    "profonde spesso spessa spessi spesse".split()
)
