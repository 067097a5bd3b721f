"""Printable labels with the code of a machine or a door: a PDF sheet, or one label as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Literal

from labops.adapters.label_fonts import MM_PER_POINT, face
from labops.adapters.label_layout import Drawing, Label, drawing_of
from labops.kernel.text import one_line

if TYPE_CHECKING:
    from fpdf import FPDF

__all__ = ["Label", "Page", "label_svg", "sheet_pdf"]

Page = Literal["a4-24", "a4-8", "roll-62"]
FAMILY = "Titillium Web"
# The same labels give the same bytes, so that a sheet can be compared, cached and tested.
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
# Neighbouring rows of a code overlap by this many mm: viewers that smooth edges would else show
# a hairline between them.
OVERLAP = 0.02


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page in mm and the labels on it, row by row from the top left."""

    page: tuple[float, float]
    label: tuple[float, float]
    columns: int
    rows: int

    def corner(self, place: int) -> tuple[float, float]:
        """The top left corner of the label at a place; what is over is shared at both edges."""
        row, column = divmod(place, self.columns)
        left = (self.page[0] - self.columns * self.label[0]) / 2
        top = (self.page[1] - self.rows * self.label[1]) / 2
        return left + column * self.label[0], top + row * self.label[1]


# Sizes of common adhesive sheets without gaps, and of the 62 mm tape of label printers.
SHEETS: dict[Page, _Sheet] = {
    "a4-24": _Sheet(page=(210, 297), label=(70, 37), columns=3, rows=8),
    "a4-8": _Sheet(page=(297, 210), label=(74, 105), columns=4, rows=2),
    "roll-62": _Sheet(page=(62, 100), label=(62, 100), columns=1, rows=1),
}


def sheet_pdf(labels: Sequence[Label], *, page: Page = "a4-24") -> bytes:
    """Return a PDF of the labels: 24 or 8 on a page of A4, or one a page for a 62 mm tape.

    Raises `ValueError` when there is no label, or an address is empty or too long for a code.
    """
    # Imported late: fpdf2 takes 29 MiB of memory, which no web worker should carry that never
    # prints a label.
    from fpdf import FPDF

    if not labels:
        raise ValueError("There is no label to print.")
    sheet = SHEETS[page]
    pdf = FPDF(unit="mm", format=sheet.page)
    pdf.set_creation_date(CREATED)
    pdf.set_auto_page_break(auto=False)
    try:
        pdf.add_font(FAMILY, "", face(bold=False).file)
        pdf.add_font(FAMILY, "B", face(bold=True).file)
        for number, label in enumerate(labels):
            place = number % (sheet.columns * sheet.rows)
            if place == 0:
                pdf.add_page()
            drawing = drawing_of(label, width=sheet.label[0], height=sheet.label[1])
            _paint(pdf, drawing, *sheet.corner(place))
        return bytes(pdf.output())
    finally:
        for font in pdf.fonts.values():  # the library leaves their files open
            if (opened := getattr(font, "ttfont", None)) is not None:
                opened.close()


def label_svg(label: Label) -> str:
    """Return one label as an SVG element of 74 by 105 units, each a millimetre.

    It has no width, no style and no id, so that it may stand inline many times under a strict
    content security policy. Raises `ValueError` as `sheet_pdf` does.
    """
    width, height = SHEETS["a4-8"].label
    drawing = drawing_of(label, width=width, height=height)
    path = "".join(
        f"M{_mm(box.x)} {_mm(box.y)}h{_mm(box.width)}v{_mm(box.height)}h-{_mm(box.width)}z"
        for box in drawing.boxes
    )
    # The length is given, so that words stay on the label in whatever font a reader has.
    texts = "".join(
        f'<text x="{_mm(line.x)}" y="{_mm(line.baseline)}" textLength="{_mm(line.width)}"'
        f' lengthAdjust="spacingAndGlyphs" font-size="{_mm(line.size * MM_PER_POINT)}"'
        f' font-weight="{700 if line.bold else 400}">{escape(line.text)}</text>'
        for line in drawing.lines
    )
    name = " · ".join(line for line in (label.title, label.subtitle) if line)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_mm(width)} {_mm(height)}"'
        f' role="img"><title>{escape(one_line(name))}</title>'
        f'<path fill="#fff" d="M0 0h{_mm(width)}v{_mm(height)}h-{_mm(width)}z"/>'
        f'<path fill="#000" shape-rendering="crispEdges" d="{path}"/>'
        f'<g fill="#000" font-family="{FAMILY}, sans-serif">{texts}</g></svg>'
    )


def _paint(pdf: FPDF, drawing: Drawing, left: float, top: float) -> None:
    for box in drawing.boxes:
        pdf.rect(left + box.x, top + box.y, box.width, box.height + OVERLAP, style="F")
    for line in drawing.lines:
        pdf.set_font(FAMILY, "B" if line.bold else "", line.size)
        pdf.text(left + line.x, top + line.baseline, line.text)


def _mm(length: float) -> str:
    """A length for SVG, to a thousandth of a millimetre."""
    return f"{length:.3f}".rstrip("0").rstrip(".")
