"""The cells of a file, read and checked one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from labops.domain.member_lists.columns import folded
from labops.domain.member_lists.values import CERTIFICATION, Line, Sheet
from labops.domain.people.addresses import normalised
from labops.domain.people.policies import EARLIEST_BIRTH, birth_date, phone_number
from labops.kernel.errors import Invalid, Problem
from labops.kernel.text import one_line

LONGEST_NAME = 120
LONGEST = {"name": LONGEST_NAME, "surname": LONGEST_NAME, "emergency_name": LONGEST_NAME}
# What a spreadsheet would take for a formula, where something stands before it.
GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")
_SHORT_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00)?)?")
_ITALIAN = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_LANGUAGES = {
    "it": "it",
    "ita": "it",
    "italiano": "it",
    "italian": "it",
    "en": "en",
    "eng": "en",
    "inglese": "en",
    "english": "en",
}
_YES = {"1", "x", "yes", "y", "si", "ok", "true", "vero", "abilitato", "abilitata"}
_NO = {"0", "no", "n", "false", "falso"}


def read_lines(
    sheet: Sheet, mapping: Sequence[str], *, today: date
) -> tuple[list[Line], list[Problem]]:
    """Return the members of a file, and a problem for each cell that cannot be read.

    Such a cell stands in its line as if it were empty, so that the rest can still be checked.
    """
    reader = _Reader(sheet, mapping, today)
    lines = [reader.read(number, cells) for number, cells in sheet.rows if any(cells)]
    return lines, [*reader.problems, *_doubled(lines, sheet, mapping)]


def key_of(name: str, born_on: date | None) -> tuple[str, date] | None:
    """Return what two lines or people share who are the same human; `None` without a date.

    In some lists the surname stands first, so the order of the words does not count.
    """
    words = sorted(folded(name).split())
    return (" ".join(words), born_on) if words and born_on else None


class _Reader:
    """Reads line after line and keeps what is wrong with their cells."""

    def __init__(self, sheet: Sheet, mapping: Sequence[str], today: date) -> None:
        self.headings = sheet.headings
        self.mapping = mapping
        self.today = today
        self.problems: list[Problem] = []

    def read(self, number: int, cells: Sequence[str]) -> Line:
        """Return what the line says."""
        fields: dict[str, Any] = {}
        certifications: dict[str, date | None] = {}
        for column, raw in enumerate(cells):
            cell = one_line(GUARDED.sub("", raw, count=1))
            if not cell:
                continue
            if column >= len(self.headings):
                self._wrong("inventory.too-many-cells", number, column, cell)
            elif field := self.mapping[column]:
                try:
                    self._read_cell(field, cell, fields, certifications)
                except Invalid as error:
                    self._wrong(error.problems[0].code, number, column, cell)
                except ValueError as error:
                    self._wrong(str(error), number, column, cell)
        if surname := fields.pop("surname", ""):
            fields["name"] = f"{fields.get('name', '')} {surname}".strip()
        if "member_from" in fields and fields.get("member_until", date.max) < fields["member_from"]:
            until = self.mapping.index("member_until")
            self._wrong("field.ends-before-start", number, until, "")
        return Line(number=number, fields=fields, certifications=certifications)

    def _read_cell(
        self,
        field: str,
        cell: str,
        fields: dict[str, Any],
        certifications: dict[str, date | None],
    ) -> None:
        """Put what the cell says into one of the two; raises `ValueError` or `Invalid`."""
        if field.startswith(CERTIFICATION):
            if folded(cell) not in _NO:
                slug = field.removeprefix(CERTIFICATION)
                certifications[slug] = None if folded(cell) in _YES else read_day(cell)
            return
        if len(cell) > LONGEST.get(field, len(cell)):
            raise ValueError("field.too-long")
        value = _READERS.get(field, str)(cell)
        fields[field] = birth_date(value, self.today) if field == "born_on" else value

    def _wrong(self, code: str, line: int, column: int, cell: str) -> None:
        heading = self.headings[column] if column < len(self.headings) else ""
        params = {
            "line": line,
            "field": heading,
            "value": cell[:80],
            # What the sentences of single codes need; the others leave them alone.
            "longest": LONGEST_NAME,
            "lowest": EARLIEST_BIRTH,
            "highest": self.today,
        }
        self.problems.append(Problem(code, params))


def _doubled(lines: Sequence[Line], sheet: Sheet, mapping: Sequence[str]) -> list[Problem]:
    """Return a problem for each line whose address stands on an earlier one."""
    seen: dict[str, int] = {}
    problems = []
    for line in lines:
        if line.email in seen:
            heading = sheet.headings[mapping.index("email")]
            place = {"line": line.number, "field": heading, "other": seen[line.email]}
            problems.append(Problem("members.doubled", place))
        elif line.email:
            seen[line.email] = line.number
    return problems


def read_day(cell: str) -> date:
    """Return a day written as 2027-03-01 or 1/3/2027; raises `ValueError` with a code."""
    try:
        if match := _ISO.fullmatch(cell):
            return date(int(match[1]), int(match[2]), int(match[3]))
        if match := _ITALIAN.fullmatch(cell):
            return date(int(match[3]), int(match[2]), int(match[1]))
        return datetime.fromisoformat(cell).date()
    except ValueError as error:
        raise ValueError("members.not-a-day") from error


def _language(cell: str) -> str:
    try:
        return _LANGUAGES[folded(cell)]
    except KeyError as error:
        raise ValueError("members.not-a-language") from error


def _short_name(cell: str) -> str:
    if not _SHORT_NAME.fullmatch(cell) or len(cell) > 60:  # noqa: PLR2004 - the column's length
        raise ValueError("field.not-a-short-name")
    return cell


def _groups(cell: str) -> tuple[str, ...]:
    parts = (part.strip() for part in cell.replace(",", ";").split(";"))
    return tuple(sorted({_short_name(part) for part in parts if part}))


_READERS: dict[str, Callable[[str], Any]] = {
    "email": normalised,
    "born_on": read_day,
    "phone": phone_number,
    "emergency_phone": phone_number,
    "language": _language,
    "member_from": read_day,
    "member_until": read_day,
    "plan": _short_name,
    "groups": _groups,
}
