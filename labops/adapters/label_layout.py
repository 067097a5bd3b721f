"""Where everything on a label goes, in millimetres, whatever it is then drawn on.

The code is a square as wide as the label's shorter side. The words stand beside it on a wide
label and below it on a tall one: what it is and where at the top, what to do and the address in
letters at the bottom. Long words wrap, then everything shrinks, and only then a text is cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

from labops.adapters.label_fonts import MM_PER_POINT, Face, face
from labops.adapters.qr import QUIET_ZONE, matrix, runs
from labops.kernel.text import one_line

MARGIN = 3.0  # mm that printers leave white
GAP = 1.2  # mm at least between the words at the top and those at the bottom
BOTTOM_SHARE = 0.4  # of the height, at most, for the words at the bottom
LINE_HEIGHT = 1.2  # em
BASELINE = 0.92  # em below the top of a line
SMALLEST = 5.0  # points
SCALES = tuple(step / 20 for step in range(20, 6, -1))
ELLIPSIS = "…"
# Boxes on a grid of 8 by 8: a door with its handle, and a gantry over a work piece.
PICTOGRAMS = {
    "door": ((0, 7.4, 8, 0.6), (1, 0, 6, 0.8), (1, 0, 0.8, 8), (6.2, 0, 0.8, 8), (4.6, 3.8, 1, 1)),
    "machine": (
        (0, 7.2, 8, 0.8),
        (0.6, 0.6, 0.8, 7),
        (6.6, 0.6, 0.8, 7),
        (0.6, 0.6, 6.8, 0.8),
        (3, 1, 2, 2),
        (3.7, 2.8, 0.6, 1.4),
        (2.4, 6, 3.2, 1.4),
    ),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What a label says: the name, the site and space, the address in the code, and a hint."""

    title: str
    subtitle: str
    address: str
    kind: Literal["machine", "door"]
    hint: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text. `x` and `baseline` are in mm from the label's top left corner."""

    text: str
    x: float
    baseline: float
    width: float  # mm
    size: float  # points
    bold: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A black rectangle, in mm from the label's top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """A label that is ready to be drawn."""

    width: float
    height: float
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class _Style:
    """How one of the four texts is set."""

    size: float  # points at full scale
    most_lines: int
    bold: bool = False
    anywhere: bool = False  # may break at any sign, and is left out rather than cut


@dataclass(frozen=True, slots=True)
class _Setting:
    """One of the four texts, broken into lines."""

    lines: tuple[str, ...]
    size: float
    face: Face
    bold: bool
    whole_words: bool
    complete: bool

    @property
    def line_height(self) -> float:
        return self.size * MM_PER_POINT * LINE_HEIGHT

    @property
    def height(self) -> float:
        return len(self.lines) * self.line_height


WIDE = (_Style(16, 4, bold=True), _Style(9, 2), _Style(8, 3), _Style(6, 3, anywhere=True))
TALL = (_Style(22, 3, bold=True), _Style(14, 2), _Style(11, 3), _Style(8, 2, anywhere=True))


def drawing_of(label: Label, *, width: float, height: float) -> Drawing:
    """Lay a label out on `width` by `height` mm.

    Raises `ValueError` when the address is empty or too long for a code.
    """
    tall = height > width
    side = min(width, height)
    area = (
        Box(MARGIN, side, width - 2 * MARGIN, height - side - MARGIN)
        if tall
        else Box(side, MARGIN, width - side - MARGIN, height - 2 * MARGIN)
    )
    icon = side / 10 if tall else side / 7
    corner = Box(area.x + area.width - icon, area.y + area.height - icon, icon, icon)
    return Drawing(
        width,
        height,
        tuple(_words(label, area, icon, TALL if tall else WIDE)),
        (*_code(label.address, side), *_pictogram(label.kind, corner)),
    )


def _code(address: str, side: float) -> Iterator[Box]:
    modules = matrix(address)
    step = side / (len(modules) + 2 * QUIET_ZONE)
    for column, row, length in runs(modules):
        yield Box((column + QUIET_ZONE) * step, (row + QUIET_ZONE) * step, length * step, step)


def _pictogram(kind: str, place: Box) -> Iterator[Box]:
    step = place.width / 8
    for x, y, width, height in PICTOGRAMS[kind]:
        yield Box(place.x + x * step, place.y + y * step, width * step, height * step)


def _words(label: Label, area: Box, icon: float, styles: tuple[_Style, ...]) -> Iterator[Line]:
    address = label.address.removeprefix("https://")
    beside_icon = area.width - icon - GAP
    bottom = _fitted((label.hint, address), styles[2:], beside_icon, area.height * BOTTOM_SHARE)
    bottom_height = sum(setting.height for setting in bottom)
    room = area.height - GAP - max(bottom_height, icon)
    top = _fitted((label.title, label.subtitle), styles[:2], area.width, room)
    for settings, start in ((top, area.y), (bottom, area.y + area.height - bottom_height)):
        y = start
        for setting in settings:
            yield from _placed(setting, area.x, y)
            y += setting.height


def _fitted(
    texts: tuple[str, ...], styles: tuple[_Style, ...], width: float, height: float
) -> tuple[_Setting, ...]:
    """Set texts below one another, as large as they may be within `width` by `height` mm.

    The largest size at which no word is cut in two is taken; else the largest at which all is
    there; else the smallest, at which every style's most lines have room.
    """
    settings: tuple[_Setting, ...] = ()
    for whole_words, scale in product((True, False), SCALES):
        settings = tuple(
            _set(one_line(text), style, width, scale)
            for text, style in zip(texts, styles, strict=True)
        )
        if (
            sum(setting.height for setting in settings) <= height
            and all(setting.complete for setting in settings)
            and (not whole_words or all(setting.whole_words for setting in settings))
        ):
            break
    return settings


def _placed(setting: _Setting, x: float, y: float) -> Iterator[Line]:
    for number, text in enumerate(setting.lines):
        baseline = y + number * setting.line_height + BASELINE * setting.size * MM_PER_POINT
        width = setting.face.width(text, setting.size)
        yield Line(text, x, baseline, width, setting.size, setting.bold)


def _set(text: str, style: _Style, width: float, scale: float) -> _Setting:
    """Break a text into lines of at most `width` mm, and cut what its style has no room for."""
    letters = face(bold=style.bold)
    size = max(style.size * scale, SMALLEST)
    shown = letters.printable(text)
    if style.anywhere:
        lines, whole_words = _pieces(shown, letters, size, width), True
    else:
        lines, whole_words = _wrapped(shown, letters, size, width)
    complete = len(lines) <= style.most_lines
    if not complete and style.anywhere:
        lines = []  # half an address leads nowhere
    elif not complete:
        last = lines[style.most_lines - 1]
        while last and letters.width(last + ELLIPSIS, size) > width:
            last = last[:-1]
        lines = [*lines[: style.most_lines - 1], last.rstrip() + ELLIPSIS]
    return _Setting(tuple(lines), size, letters, style.bold, whole_words, complete)


def _wrapped(text: str, letters: Face, size: float, width: float) -> tuple[list[str], bool]:
    """Fill lines word by word. False when a word is wider than a line and had to be cut."""
    lines: list[str] = []
    whole = True
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and letters.width(longer, size) <= width:
            lines[-1] = longer
            continue
        pieces = _pieces(word, letters, size, width)
        whole = whole and len(pieces) == 1
        lines += pieces
    return lines, whole


def _pieces(text: str, letters: Face, size: float, width: float) -> list[str]:
    pieces: list[str] = []
    for sign in text:
        if pieces and letters.width(pieces[-1] + sign, size) <= width:
            pieces[-1] += sign
        else:
            pieces.append(sign)
    return pieces
