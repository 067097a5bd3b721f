"""A person's skills as a PDF of the size of a credit card, with the code that checks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labops.adapters import qr
from labops.adapters.label_fonts import MM_PER_POINT, Face, face
from labops.kernel.text import one_line

if TYPE_CHECKING:
    from fpdf import FPDF

# ISO/IEC 7810 ID-1, in mm, as cards in a wallet are.
WIDTH, HEIGHT = 85.6, 53.98
MARGIN = 5.0
CODE_SIDE = 30.0
FAMILY = "Titillium Web"
MOST_LINES = 6
SMALLEST = 5.0  # points
NOTE_SIZE = 6.5
_OVERLAP = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillCard:
    """What is printed: the words are in the reader's language already.

    `more` ends the list where there are more skills than lines.
    """

    title: str
    name: str
    lines: tuple[str, ...]
    note: str
    printed: str
    address: str
    more: str


def card_pdf(card: SkillCard) -> bytes:
    """Return the card as a PDF of one page.

    Raises `ValueError` for an address that no code can hold, `FontMissing` before the first build.
    """
    # Imported late: fpdf2 takes 29 MiB of memory, which no web worker should carry that never
    # prints a card.
    from fpdf import FPDF

    pdf = FPDF(unit="mm", format=(HEIGHT, WIDTH), orientation="landscape")
    pdf.set_auto_page_break(auto=False)
    pdf.set_title(one_line(card.title))
    try:
        pdf.add_font(FAMILY, "", face(bold=False).file)
        pdf.add_font(FAMILY, "B", face(bold=True).file)
        pdf.add_page()
        _words(pdf, card)
        _code(pdf, card.address)
        return bytes(pdf.output())
    finally:
        for font in pdf.fonts.values():  # the library leaves their files open
            if (opened := getattr(font, "ttfont", None)) is not None:
                opened.close()


def _words(pdf: FPDF, card: SkillCard) -> None:
    width = WIDTH - 3 * MARGIN - CODE_SIDE
    top = MARGIN
    for text, size, bold in _lines(card):
        top += size * MM_PER_POINT * 1.25
        _text(pdf, text, MARGIN, top, size, bold=bold, width=width)
    foot = HEIGHT - MARGIN
    _text(pdf, card.printed, MARGIN, foot, 6, bold=False, width=width)
    left = WIDTH - MARGIN - CODE_SIDE
    top = MARGIN + CODE_SIDE + 1
    for line in _wrapped(card.note, NOTE_SIZE, CODE_SIDE):
        top += NOTE_SIZE * MM_PER_POINT * 1.25
        _text(pdf, line, left, top, NOTE_SIZE, bold=False, width=CODE_SIDE)


def _lines(card: SkillCard) -> Iterator[tuple[str, float, bool]]:
    yield card.title, 9, False
    if card.name:
        yield card.name, 13, True
    shown = card.lines
    if len(shown) > MOST_LINES:
        shown = (*shown[: MOST_LINES - 1], card.more)
    for line in shown:
        yield line, 9, True


def _wrapped(text: str, size: float, width: float) -> list[str]:
    """Break a text between its words."""
    letters = face(bold=False)
    lines = [""]
    for word in letters.printable(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and letters.width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _text(
    pdf: FPDF, text: str, left: float, baseline: float, size: float, *, bold: bool, width: float
) -> None:
    """Set a line, smaller where it would not fit, and cut where that would be too small."""
    letters = face(bold=bold)
    printable = letters.printable(text)
    while size > SMALLEST and letters.width(printable, size) > width:
        size -= 0.5
    pdf.set_font(FAMILY, "B" if bold else "", size)
    pdf.text(left, baseline, _cut(printable, letters, size, width))


def _cut(text: str, letters: Face, size: float, width: float) -> str:
    if letters.width(text, size) <= width:
        return text
    while text and letters.width(f"{text}…", size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _code(pdf: FPDF, address: str) -> None:
    modules = qr.matrix(address)
    side = CODE_SIDE / len(modules)
    left, top = WIDTH - MARGIN - CODE_SIDE, MARGIN
    for column, row, length in qr.runs(modules):
        pdf.rect(left + column * side, top + row * side, length * side, side + _OVERLAP, style="F")
