"""A month of an account as a file: CSV for programs, PDF for people."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response
from flask_babel import gettext as _

from labops.adapters.statements import Sheet, statement_pdf
from labops.blueprints.formats import language
from labops.blueprints.plans import words
from labops.blueprints.plans.asking import Asked
from labops.domain.plans.statements import Statement, statement
from labops.kernel.db import reading


def _statement(found: Asked) -> Statement:
    return statement(reading(), found.site.id, found.owner, found.month, found.site.tz)


def csv_of(found: Asked) -> Response:
    """Answer with the month as CSV, made harmless for spreadsheets."""
    shown = _statement(found)
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["date", "entry", "hours", "euro", "reason"])
    writer.writerow(["", _("Opening balance"), "", shown.opening, ""])
    for line, row in zip(shown.lines, words.rows(shown, found.site.zone), strict=True):
        at = line.at.astimezone(found.site.tz).isoformat(timespec="minutes")
        cells = [at, row["what"], row["hours"], line.amount, row["reason"]]
        writer.writerow([_harmless(cell) for cell in cells])
    writer.writerow(["", _("Closing balance"), "", shown.closing, ""])
    for one in shown.hours:
        for name, minutes in ((_("used"), one.used), (_("left"), one.left)):
            writer.writerow(["", f"{one.names[language()]}, {name}", words.time(minutes), "", ""])
    return _file(buffer.getvalue().encode(), f"{found.site.slug}-{found.month}.csv", "text/csv")


def pdf_of(found: Asked) -> Response:
    """Answer with the month as PDF."""
    shown = _statement(found)
    sheet = Sheet(
        title=_("Statement of %(month)s", month=words.month(found.month)),
        facts=(found.name, f"{found.site.name}, {found.site.address}, {found.site.city}"),
        columns=(_("Date"), _("Entry"), _("Hours"), _("Euro")),
        rows=(
            ("", _("Opening balance"), "", words.amount(shown.opening)),
            *(
                (row["at"], " ".join(filter(None, (row["what"], row["reason"]))), row["hours"],
                 row["amount"])
                for row in words.rows(shown, found.site.zone)
            ),
            ("", _("Closing balance"), "", words.amount(shown.closing)),
        ),
        notes=tuple(
            _(
                "%(name)s: %(used)s used, %(left)s left of %(granted)s",
                name=one.names[language()],
                used=words.time(one.used),
                left=words.time(one.left),
                granted=words.time(one.granted),
            )
            for one in shown.hours
        ),
        language=language(),
    )  # fmt: skip
    name = f"{found.site.slug}-{found.month}.pdf"
    return _file(statement_pdf(sheet), name, "application/pdf")


def _file(content: bytes, name: str, kind: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _harmless(cell: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{cell}"
    return cell
