"""On which line of a TOML text each of its keys stands, so that mistakes can name their line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from labops.kernel.errors import Problem

_LINE = re.compile(r"at line (\d+)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def lines_of(text: str) -> dict[str, int]:
    """Return the line of each key, by its place: `quotas[2].window`, `timetables.open.hours`.

    The text must be valid TOML; entries of lists are counted from 1, as lines are.
    """
    return _Walk(text).lines


def with_lines(problems: Iterable[Problem], text: str) -> tuple[Problem, ...]:
    """Return the problems of a valid text, each with the `line` of what it is about."""
    lines = lines_of(text)
    return tuple(_at_line(problem, lines) for problem in problems)


def line_of_fault(message: str, text: str) -> int:
    """Return the line on which a reader of TOML gave up, out of what it says."""
    found = _LINE.search(message)
    return int(found[1]) if found else text.count("\n") + 1


def _at_line(problem: Problem, lines: dict[str, int]) -> Problem:
    place = str(problem.params.get("field", ""))
    while place and place not in lines:
        # What is missing has no line of its own: that of what lacks it.
        place = re.sub(r"(\[\d+\]|(?:^|\.)[^.\[]*)$", "", place)
    return replace(problem, params={**problem.params, "line": lines.get(place, 1)})


class _Walk:
    """One walk over a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self._text = text
        self._at = 0
        self._counts: dict[str, int] = {}
        prefix = ""
        while self._skip():
            prefix = self._header() if self._sees("[") else self._statement(prefix)

    def _sees(self, sign: str) -> bool:
        return self._text.startswith(sign, self._at)

    def _skip(self) -> bool:
        """Pass over blanks, ends of lines and remarks; `False` at the end of the text."""
        while self._at < len(self._text):
            if self._sees("#"):
                self._at = (self._text.find("\n", self._at) + 1) or len(self._text)
            elif self._text[self._at].isspace():
                self._at += 1
            else:
                return True
        return False

    def _note(self, place: str) -> None:
        self.lines.setdefault(place, self._text.count("\n", 0, self._at) + 1)

    def _header(self) -> str:
        doubled = self._sees("[[")
        start = self._at
        self._at += 2 if doubled else 1
        parts = self._key()
        self._at = self._text.index("]", self._at) + (2 if doubled else 1)
        place, places = "", []
        for number, part in enumerate(parts, 1):
            place = f"{place}.{part}" if place else part
            places.append(place)
            if doubled and number == len(parts):
                self._counts[place] = self._counts.get(place, 0) + 1
            if place in self._counts:
                place = f"{place}[{self._counts[place]}]"
        after, self._at = self._at, start
        for one in (*places, place):
            self._note(one)
        self._at = after
        return place

    def _statement(self, prefix: str) -> str:
        self._pair(prefix)
        return prefix

    def _pair(self, prefix: str) -> None:
        start = self._at
        place = ".".join([prefix, *self._key()] if prefix else self._key())
        after, self._at = self._at, start
        self._note(place)
        self._at = self._text.index("=", after) + 1
        self._skip()
        self._value(place)

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip()
            if self._text[self._at] in "\"'":
                parts.append(self._string())
            else:
                found = _BARE.match(self._text, self._at)
                if found is None:
                    return parts
                parts.append(found[0])
                self._at = found.end()
            self._skip()
            if not self._sees("."):
                return parts
            self._at += 1

    def _value(self, place: str) -> None:
        if self._text[self._at] in "\"'":
            self._string()
        elif self._sees("["):
            self._inside("]", place)
        elif self._sees("{"):
            self._inside("}", place)
        else:
            while self._at < len(self._text) and self._text[self._at] not in ",]}\n#":
                self._at += 1

    def _inside(self, end: str, place: str) -> None:
        """Pass over a list, noting its entries, or over a table inside a line, noting its keys."""
        self._at += 1
        number = 0
        while self._skip() and not self._sees(end):
            number += 1
            if end == "}":
                self._pair(place)
            else:
                self._note(f"{place}[{number}]")
                self._value(f"{place}[{number}]")
            self._skip()
            if self._sees(","):
                self._at += 1
        self._at += 1

    def _string(self) -> str:
        sign = self._text[self._at]
        quote = sign * 3 if self._sees(sign * 3) else sign
        start = self._at = self._at + len(quote)
        while not self._sees(quote):
            self._at += 2 if sign == '"' and self._sees("\\") else 1
        found = self._text[start : self._at]
        self._at += len(quote)
        while len(quote) > 1 and self._sees(sign):  # a text may end in quotation marks of its own
            self._at += 1
        return found
