"""Readers of single values of plain data, each saying by code what is wrong and where.

A reader takes what stands in the data and returns its meaning, or raises `Wrong`. The ones at
the end make readers of lists and tables out of readers of values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from labops.domain.house_rules.timetables import (
    WEEKDAYS,
    Season,
    Span,
    read_clock,
    read_hours,
    read_season,
)
from labops.kernel.errors import Problem

Reader = Callable[[Any], Any]
Choice = TypeVar("Choice", bound=StrEnum)
MOST_CHARACTERS = 80
MOST_ENTRIES = 200
# Above this a count is a slip of the keyboard, and dates and lengths of time would overflow.
MOST = 1_000_000


class Wrong(Exception):
    """What was read cannot be used; each problem names its field relative to the value."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(", ".join(problem.code for problem in self.problems))

    def at(self, place: str) -> tuple[Problem, ...]:
        """Return the problems with the place put before their fields."""
        return tuple(
            replace(problem, params={**problem.params, "field": _joined(place, problem)})
            for problem in self.problems
        )


def wrong(code: str, value: Any = None, **params: Any) -> Wrong:
    """Make the refusal of the value as a whole."""
    if value is not None:
        params["value"] = str(value)[:MOST_CHARACTERS]
    return Wrong([Problem(code, params)])


def count(value: Any) -> int:
    """Read a whole number from zero on."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise wrong("rules.not-a-count", value)
    return value


def count_above_zero(value: Any) -> int:
    """Read a whole number from one on."""
    if count(value) == 0:
        raise wrong("rules.not-above-zero")
    return int(value)


def count_or_off(value: Any) -> int | None:
    """Read a whole number; zero switches the limit off."""
    return count(value) or None


def minutes(value: Any) -> timedelta:
    """Read a length of time in whole minutes."""
    return timedelta(minutes=count(value))


def hours(value: Any) -> timedelta:
    """Read a length of time in hours, such as 1.5, that comes out at whole minutes."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST:
        raise wrong("rules.not-a-count", value)
    length = timedelta(hours=value)
    if length % timedelta(minutes=1):
        raise wrong("rules.not-a-count", value)
    return length


def yes_or_no(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise wrong("rules.not-yes-or-no", value)
    return value


def text(value: Any) -> str:
    """Read a short text that is not empty."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MOST_CHARACTERS:
        raise wrong("rules.not-text", value)
    return value.strip()


def one_of(kind: type[Choice]) -> Callable[[Any], Choice]:
    """Return a reader of one word of an enumeration."""

    def read(value: Any) -> Choice:
        try:
            return kind(value)
        except ValueError as error:
            raise wrong("rules.not-offered", value, choices=", ".join(kind)) from error

    return read


def clock(value: Any) -> int:
    """Read a time of the day such as "17:30"; a TOML time is understood too."""
    try:
        return read_clock(value if isinstance(value, str) else value.isoformat("minutes"))
    except (AttributeError, TypeError, ValueError) as error:
        raise wrong("rules.wrong-time", value) from error


def weekday(value: Any) -> int:
    """Read "mon" to "sun"."""
    if value not in WEEKDAYS:
        raise wrong("rules.not-offered", value, choices=", ".join(WEEKDAYS))
    return WEEKDAYS.index(value)


def day(value: Any) -> date:
    """Read a date; a TOML date is understood too."""
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise wrong("rules.wrong-day", value) from error


def days(value: Any) -> tuple[date, date]:
    """Read one date, or two with a slash between them, both included."""
    first, _slash, last = str(value).partition("/")
    found = day(first), day(last or first)
    if found[1] < found[0]:
        raise wrong("rules.wrong-day", value)
    return found


def season(value: Any) -> Season:
    """Read "06-01/09-15" or the same with years."""
    try:
        return read_season(text(value))
    except ValueError as error:
        raise wrong("rules.wrong-season", value) from error


def weekly(value: Any) -> tuple[Span, ...]:
    """Read hours of the week: "mon-fri 09:00-18:00", or a list of such."""
    spans: set[Span] = set()
    for line in [value] if isinstance(value, str) else listed(text)(value):
        try:
            spans |= set(read_hours(line))
        except ValueError as error:
            raise wrong("rules.wrong-hours", line) from error
    return tuple(sorted(spans))


def euro(value: Any) -> Decimal:
    """Read an amount of money such as "12.50"."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation as error:
        raise wrong("rules.wrong-amount", value) from error
    if isinstance(value, bool) or not amount.is_finite() or not 0 <= amount <= MOST:
        raise wrong("rules.wrong-amount", value)
    return amount.quantize(Decimal("0.01"))


def slug(value: Any) -> str:
    """Read the short name of a category, a machine or a plan."""
    found = text(value)
    if not re.fullmatch(r"[\w.-]+", found):
        raise wrong("rules.not-text", value)
    return found


def listed(reader: Reader) -> Callable[[Any], tuple[Any, ...]]:
    """Return a reader of a list whose entries the reader reads."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST_ENTRIES:
            raise wrong("rules.not-a-list", value)
        problems: list[Problem] = []
        found = []
        for number, one in enumerate(value, 1):
            try:
                found.append(reader(one))
            except Wrong as error:
                problems += error.at(f"[{number}]")
        if problems:
            raise Wrong(problems)
        return tuple(found)

    return read


def slugs(value: Any) -> tuple[str, ...]:
    """Read a list of short names, in one order whatever the order in which they are written."""
    return tuple(sorted(set(listed(slug)(value))))


def table(
    readers: Mapping[str, Reader], *, required: Collection[str] = (), lenient: bool = False
) -> Callable[[Any], dict[str, Any]]:
    """Return a reader of a table with these keys; each unknown or wrong key is named.

    A lenient one passes over keys that it does not know.
    """

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise wrong("rules.not-a-table", value)
        problems = [
            Problem("rules.missing", {"field": key}) for key in required if key not in value
        ]
        found = {}
        for key, one in value.items():
            try:
                if key not in readers:
                    if lenient:
                        continue
                    raise wrong("rules.unknown-key")
                found[key] = readers[key](one)
            except Wrong as error:
                problems += error.at(str(key)[:MOST_CHARACTERS])
        if problems:
            raise Wrong(problems)
        return found

    return read


def _joined(place: str, problem: Problem) -> str:
    inner = str(problem.params.get("field", ""))
    if not inner or not place:
        return inner or place
    return f"{place}{inner}" if inner.startswith("[") else f"{place}.{inner}"
