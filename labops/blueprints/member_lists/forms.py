"""The form of a member list: the file, what its columns stand for, what to do with duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

from labops.adapters import sheets
from labops.adapters.sheets import SheetUnreadable
from labops.blueprints.messages import sentence_for
from labops.blueprints.people.filtering import type_names
from labops.domain.member_lists import columns, queries
from labops.domain.member_lists.values import CERTIFICATION, FIELDS, Duplicates, OnDuplicate, Sheet
from labops.kernel.db import reading
from labops.kernel.errors import Problem

MOST_SIGNS = 1_500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was sent: a table, the field of each of its columns, and what to do with duplicates."""

    sheet: Sheet
    text: str
    mapping: tuple[str, ...]
    duplicates: Duplicates


class Unusable(Exception):
    """What was sent is no table; the sentence says why."""


def read_asked(site_id: int) -> Asked:
    """Return what was sent; a new file's columns are guessed. Raises `Unusable`."""
    upload = request.files.get("file")
    raw = upload.read() if upload is not None and upload.filename else b""
    text = request.form.get("text", "")
    if not raw and not text.strip():
        raise Unusable(_("Choose a file."))
    try:
        sheet = sheets.read(raw) if raw else sheets.from_text(text)
    except SheetUnreadable as error:
        raise Unusable(sentence_for(Problem(error.code, {"line": 1}))) from error
    text = sheets.as_text(sheet)
    if len(text) > MOST_SIGNS:
        raise Unusable(_("This is too much for a page. Cut it in parts, or use the command line."))
    chosen = [request.form.get(f"column-{n}") for n in range(len(sheet.headings))]
    mapping = tuple(field or "" for field in chosen)
    if raw or any(field is None for field in chosen):
        mapping = guessed(site_id, sheet.headings)
    return Asked(
        sheet=sheet,
        text=text,
        mapping=mapping,
        duplicates=Duplicates(by_email=_duplicate("by_email"), by_name=_duplicate("by_name")),
    )


def guessed(site_id: int, headings: Sequence[str]) -> tuple[str, ...]:
    """Return the field of each column as the site's last file had it, else by its heading."""
    session = reading()
    kept = queries.remembered_mapping(session, site_id)
    return columns.guessed(headings, queries.type_names(session), kept)


def field_names() -> dict[str, str]:
    """Return what a column may stand for, in words."""
    names = {
        "": _("nothing: left out"),
        "name": _("Name and surname"),
        "surname": _("Surname, where it has a column of its own"),
        "email": _("E-mail"),
        "born_on": _("Born on"),
        "phone": _("Phone"),
        "emergency_name": _("Whom to call in an emergency"),
        "emergency_phone": _("That person's phone"),
        "language": _("Language"),
        "member_from": _("Member from"),
        "member_until": _("Member until"),
        "plan": _("Plan"),
        "groups": _("Groups"),
    }
    found = {field: names[field] for field in ("", *FIELDS)}
    for slug, name in type_names().items():
        found[CERTIFICATION + slug] = _("Certified until: %(type)s", type=name)
    return found


def _duplicate(name: str) -> OnDuplicate:
    value = request.form.get(name, "")
    return OnDuplicate(value) if value in set(OnDuplicate) else OnDuplicate.UPDATE
