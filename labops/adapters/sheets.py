"""Tables as files, CSV and XLSX, both ways. Whatever a cell holds, it is never a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from labops.domain.member_lists.values import MOST_LINES, Sheet
from labops.kernel.text import one_line

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_COLUMNS = 200
# What an XLSX file may unpack to: a small one can hold terabytes of nothing.
MOST_BYTES = 60_000_000
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


class SheetUnreadable(Exception):
    """The file is no table; `code` says why, as a problem's code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def read(raw: bytes) -> Sheet:
    """Return the first table of a file, whichever of the two kinds it is.

    Raises `SheetUnreadable`.
    """
    return read_xlsx(raw) if raw[:4] == b"PK\x03\x04" else read_csv(raw)


def read_csv(raw: bytes, *, delimiter: str = "") -> Sheet:
    """Return a CSV file in UTF-8, with commas, semicolons or tabs between its cells."""
    try:
        text = raw.decode("utf-8-sig").replace("\x00", "")
    except UnicodeDecodeError as error:
        raise SheetUnreadable("sheet.not-utf-8") from error
    first = text[:4096].lstrip().split("\n", 1)[0]
    delimiter = delimiter or max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = []
    try:
        for cells in reader:
            rows.append((reader.line_num, tuple(cells)))
            if len(rows) > MOST_LINES + 1:
                raise SheetUnreadable("inventory.too-long")
    except csv.Error as error:
        raise SheetUnreadable("sheet.not-csv") from error
    return _sheet(rows)


def read_xlsx(raw: bytes) -> Sheet:
    """Return the first sheet of an Excel file; of formulas the result counts, dates are ISO."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
                raise SheetUnreadable("inventory.too-long")
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size is not to be believed
        rows = []
        for number, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > MOST_LINES + 1:
                raise SheetUnreadable("inventory.too-long")
            rows.append((number, tuple(_text(cell) for cell in cells[: MOST_COLUMNS + 1])))
        book.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError) as error:
        raise SheetUnreadable("sheet.not-xlsx") from error
    return _sheet(rows)


def as_text(sheet: Sheet) -> str:
    """Return the table as CSV for a page to send back: each row on the line it stood on."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([one_line(cell) for cell in sheet.headings])
    line = 1
    for number, cells in sheet.rows:
        buffer.write("\n" * max(0, number - line - 1))
        writer.writerow([one_line(cell) for cell in cells])
        line = max(number, line + 1)
    return buffer.getvalue()


def from_text(text: str) -> Sheet:
    """Return the table that `as_text` wrote; raises `SheetUnreadable`."""
    return read_csv(text.replace("\r\n", "\n").encode(), delimiter=",")


def to_csv(rows: Iterable[Sequence[str]]) -> bytes:
    """Return the rows as CSV in UTF-8 with a mark that makes Excel read it as such."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def to_xlsx(rows: Iterable[Sequence[str]], *, title: str) -> bytes:
    """Return the rows as an Excel file in which every cell is text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for row in rows:
        cells = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=one_line(text))
            cell.data_type = "s"  # the library would take "=..." for a formula
            cells.append(cell)
        sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def safe_cell(text: str) -> str:
    """Return the cell so that a spreadsheet does not take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_SIGNS) else text


def _sheet(rows: Sequence[tuple[int, tuple[str, ...]]]) -> Sheet:
    """Return the table: the first row that holds something names the columns."""
    filled = [(number, cells) for number, cells in rows if any(cell.strip() for cell in cells)]
    if not filled:
        raise SheetUnreadable("sheet.empty")
    headings = [one_line(cell) for cell in filled[0][1]]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MOST_COLUMNS:
        raise SheetUnreadable("sheet.too-wide")
    width = len(headings)
    return Sheet(
        headings=tuple(headings),
        rows=tuple((number, _cut(cells, width)) for number, cells in filled[1:]),
    )


def _cut(cells: Sequence[str], width: int) -> tuple[str, ...]:
    """Return the cells without empty ones beyond the headings; those with text are an error."""
    kept = list(cells)
    while len(kept) > width and not kept[-1].strip():
        kept.pop()
    return tuple(kept)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time(0) else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
