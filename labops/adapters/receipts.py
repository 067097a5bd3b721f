"""A signature's receipt as a PDF: what was signed, by whom, when and from where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from labops.adapters.label_fonts import face
from labops.kernel.text import one_line

if TYPE_CHECKING:
    from fpdf import FPDF

FAMILY = "Titillium Web"
MARGIN = 20.0  # mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is printed, in the language that was read: facts are pairs of a name and a value."""

    title: str
    facts: tuple[tuple[str, str], ...]
    heading: str
    text: str
    signed_at: datetime


def receipt_pdf(receipt: Receipt) -> bytes:
    """Return the receipt; the same signature gives the same bytes each time."""
    # Imported late, as for labels: the library takes 29 MiB of memory.
    from fpdf import FPDF

    pdf = FPDF(unit="mm", format="A4")
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    pdf.set_creation_date(receipt.signed_at.astimezone(UTC))
    pdf.set_title(one_line(receipt.title))
    try:
        pdf.add_font(FAMILY, "", face(bold=False).file)
        pdf.add_font(FAMILY, "B", face(bold=True).file)
        pdf.add_page()
        _paragraph(pdf, receipt.title, 16, bold=True)
        for name, value in receipt.facts:
            _paragraph(pdf, f"{name}: {value}", 10)
        pdf.ln(4)
        _paragraph(pdf, receipt.heading, 12, bold=True)
        for line in receipt.text.splitlines():
            _paragraph(pdf, line, 9.5)
        return bytes(pdf.output())
    finally:
        for font in pdf.fonts.values():  # the library leaves their files open
            if (opened := getattr(font, "ttfont", None)) is not None:
                opened.close()


def _paragraph(pdf: FPDF, text: str, size: float, *, bold: bool = False) -> None:
    printable = face(bold=bold).printable(text)
    if not printable.strip():
        pdf.ln(3)
        return
    pdf.set_font(FAMILY, "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.5, printable, new_x="LMARGIN", new_y="NEXT")
