"""Papers of a case: files, receipts, letters. Each is served only to who may open the case."""

from __future__ import annotations

from flask import Response

from labops.adapters import case_letters, case_papers, evidence_files
from labops.adapters.case_letters import CaseLetter
from labops.adapters.evidence_files import ENDINGS
from labops.blueprints.access import signed_in
from labops.blueprints.applications.base import bp
from labops.blueprints.applications.shown import found_case
from labops.blueprints.sites.base import key
from labops.domain.applications import telling, views
from labops.domain.applications.casefile import CaseFile
from labops.domain.applications.policies import SENDS
from labops.domain.applications.views import EntryView
from labops.kernel.db import reading
from labops.kernel.errors import NotFound

# Nothing in an evidence can act, even if somebody opens it in place.
ALONE = "default-src 'none'; sandbox"


@bp.get("/applications/<case>/files/<uid>")
@signed_in
def evidence(case: str, uid: str) -> Response:
    """Answer with a file, to be saved and not shown, as the type it was found to be."""
    file = found_case(case)
    wanted = key(uid)
    for each in views.evidence_of(reading(), file):
        if each.uid == wanted:
            name = f"{each.criterion}-{each.uid[:8]}.{ENDINGS[each.media_type]}"
            answer = _answer(evidence_files.kept(each.uid), each.media_type, name)
            answer.headers["Content-Security-Policy"] = ALONE
            return answer
    raise NotFound


@bp.get("/applications/<case>/receipts/<int:number>.pdf")
@signed_in
def receipt(case: str, number: int) -> Response:
    """Answer with the receipt of something that the lab sent."""
    file, entry = _entry(case, number)
    if entry.action not in SENDS:
        raise NotFound
    name = f"receipt-{entry.protocol.replace('/', '-')}.pdf"
    return _answer(case_papers.receipt(file, entry), "application/pdf", name)


@bp.get("/applications/<case>/letters/<int:number>.pdf")
@signed_in
def letter_pdf(case: str, number: int) -> Response:
    """Answer with a letter of the city as a PDF, in the reader's language."""
    file, entry = _entry(case, number)
    raw = case_papers.letter_pdf(_letter(file, entry), entry.at)
    return _answer(raw, "application/pdf", f"letter-{number}.pdf")


@bp.get("/applications/<case>/letters/<int:number>.txt")
@signed_in
def letter_text(case: str, number: int) -> Response:
    """Answer with a letter as plain text."""
    file, entry = _entry(case, number)
    text = _letter(file, entry).text
    return _answer(text.encode(), "text/plain; charset=utf-8", f"letter-{number}.txt")


def _letter(file: CaseFile, entry: EntryView) -> CaseLetter:
    found = case_letters.letter_of(file, entry, telling.officer_name(reading(), file))
    if found is None:
        raise NotFound
    return found


def _entry(case: str, number: int) -> tuple[CaseFile, EntryView]:
    file = found_case(case)
    for each in views.chronology(reading(), file):
        if each.number == number:
            return file, each
    raise NotFound


def _answer(raw: bytes, kind: str, name: str) -> Response:
    answer = Response(raw, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
