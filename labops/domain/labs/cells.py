"""Fields of files that anybody may have written: what is not of its kind is nothing."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from labops.kernel.errors import Invalid, Problem
from labops.kernel.text import one_line, without_controls

Read = TypeVar("Read")


class Table:
    """A table that anybody may have written as CSV: its headings, and its rows with their lines."""

    def __init__(self, text: str) -> None:
        self._reader = csv.DictReader(io.StringIO(without_controls(text)))
        self.headings = [heading or "" for heading in self._read(self._headings)]

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield each row with the line on which it ends; raises `Invalid` when one has no end."""
        while (row := self._read(self._next)) is not None:
            yield (
                self._reader.line_num,
                {
                    heading: cell
                    for heading, cell in row.items()
                    if isinstance(heading, str) and isinstance(cell, str)
                },
            )

    def _headings(self) -> list[str]:
        return list(self._reader.fieldnames or ())

    def _next(self) -> dict[Any, Any] | None:
        return next(self._reader, None)

    def _read(self, step: Callable[[], Read]) -> Read:
        try:
            return step()
        except csv.Error as error:
            raise Invalid([Problem("lab.not-csv", {"field": "file"})]) from error


def text_in(record: Mapping[str, Any], key: str) -> str:
    """Return the text of a field on one line, empty when it is no text."""
    value = record.get(key)
    return one_line(value) if isinstance(value, str) else ""


def words_in(record: Mapping[str, Any], key: str) -> list[str]:
    """Return the texts of a list, each once."""
    value = record.get(key)
    found = value if isinstance(value, list) else []
    return list(dict.fromkeys(one_line(each) for each in found if isinstance(each, str)))


def degrees_in(record: Mapping[str, Any], key: str, most: int) -> float | None:
    """Return degrees of at most that many, or nothing."""
    value = number_in(record.get(key))
    return value if value is not None and -most <= value <= most else None


def length_in(value: object) -> float | None:
    """Return a length in millimetres that a machine can have, or nothing."""
    found = number_in(value)
    return found if found is not None and 0 < found <= 100_000 else None  # noqa: PLR2004 - 100 m


def whole_in(record: Mapping[str, Any], key: str) -> int | None:
    """Return a count, or nothing."""
    found = number_in(record.get(key))
    return int(found) if found is not None and 0 <= found < 1_000_000 else None  # noqa: PLR2004


def money_in(record: Mapping[str, Any], key: str) -> Decimal | None:
    """Return an amount of euro, or nothing."""
    found = number_in(record.get(key))
    if found is None or not 0 <= found < 1_000_000:  # noqa: PLR2004
        return None
    try:
        return Decimal(str(found)).quantize(Decimal("0.01"))
    except InvalidOperation:
        return None


def number_in(value: object) -> float | None:
    """Return a finite number, also one that is written as text; nothing for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
