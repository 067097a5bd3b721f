"""A statement as a PDF: a title, facts, one table and notes, on as many pages as it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from labops.adapters.label_fonts import face

FAMILY = "Titillium Web"
# The same statement gives the same bytes.
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
MARGIN = 15.0
WIDTHS = (36, 84, 36, 24)  # mm, of date, entry, hours and euro
LINE = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands in it, all in words of the reader's language; the last column is numbers."""

    title: str
    facts: tuple[str, ...]
    columns: tuple[str, str, str, str]
    rows: tuple[tuple[str, str, str, str], ...]
    notes: tuple[str, ...]
    language: str


def statement_pdf(sheet: Sheet) -> bytes:
    """Return the PDF. Raises `FontMissing` before the front end was built."""
    # Imported late: fpdf2 takes 29 MiB of memory, which no web worker should carry needlessly.
    from fpdf import FPDF
    from fpdf.enums import TableBordersLayout, XPos, YPos
    from fpdf.fonts import FontFace

    regular, bold = face(bold=False), face(bold=True)
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_creation_date(CREATED)
    pdf.set_lang(sheet.language)
    pdf.set_title(sheet.title)
    pdf.set_margin(MARGIN)
    pdf.set_auto_page_break(auto=True, margin=MARGIN)
    try:
        pdf.add_font(FAMILY, "", regular.file)
        pdf.add_font(FAMILY, "B", bold.file)
        pdf.add_page()
        pdf.set_font(FAMILY, "B", 18)
        pdf.multi_cell(0, 10, bold.printable(sheet.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_font(FAMILY, "", 11)
        for fact in sheet.facts:
            pdf.multi_cell(0, LINE, regular.printable(fact), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(4)
        pdf.set_font(FAMILY, "", 9)
        with pdf.table(
            col_widths=WIDTHS,
            text_align=("LEFT", "LEFT", "LEFT", "RIGHT"),
            line_height=5,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD"),
        ) as table:
            for cells in (sheet.columns, *sheet.rows):
                row = table.row()
                for cell in cells:
                    row.cell(regular.printable(cell))
        pdf.ln(4)
        pdf.set_font(FAMILY, "", 11)
        for note in sheet.notes:
            pdf.multi_cell(0, LINE, regular.printable(note), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        return bytes(pdf.output())
    finally:
        for font in pdf.fonts.values():  # the library leaves their files open
            if (opened := getattr(font, "ttfont", None)) is not None:
                opened.close()
