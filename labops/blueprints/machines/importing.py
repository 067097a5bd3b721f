"""Bringing an inventory in as CSV: looked at first, then imported whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from labops.blueprints import progress
from labops.blueprints.access import current_actor, requires
from labops.blueprints.machines.base import bp
from labops.blueprints.machines.forms import MOST_SIGNS, ImportForm
from labops.blueprints.messages import sentence_for
from labops.blueprints.sites.base import staffed_site
from labops.domain.machines import inventory, queries
from labops.domain.machines.inventory import COLUMNS, Imported, Line
from labops.domain.machines.queries import InventorySearch
from labops.domain.sites.queries import SiteView
from labops.domain.spaces import queries as spaces
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import Permission

MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class WrongCell:
    """What is wrong in one cell of the file; the heading is line 1."""

    line: int
    column: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What importing the text would do: each line of it, and whether its machine is new."""

    done: Imported
    lines: Sequence[tuple[Line, bool]]


@bp.get("/sites/<site_slug>/machines/import")
@requires(Permission.MACHINE_EDIT)
def import_page(site_slug: str) -> ResponseReturnValue:
    """Show where to put the file."""
    site = staffed_site(site_slug, Permission.MACHINE_EDIT)
    return _page(site, ImportForm())


@bp.post("/sites/<site_slug>/machines/import")
@requires(Permission.MACHINE_EDIT)
def import_inventory(site_slug: str) -> ResponseReturnValue:
    """Say what the file would change; with `act=import`, change it."""
    site = staffed_site(site_slug, Permission.MACHINE_EDIT)
    form = ImportForm(request.form)
    text = _text_of(form)
    if text is None:
        return _page(site, form), 422
    form.text.data = text
    importing = request.form.get("act") == "import"
    with_bar = importing and progress.is_wanted()
    actor, now = current_actor(), clock.now()
    try:
        done = inventory.import_machines(
            text, site.slug, actor=actor, now=now, dry_run=with_bar or not importing
        )
        if not importing:
            return _page(site, form, preview=Preview(done, _lines(site, text)))
    except Invalid as invalid:
        wrong = sorted(map(_wrong_cell, invalid.problems), key=lambda cell: cell.line)
        return _page(site, form, wrong=wrong), 422
    except csv.Error:
        form.text.errors = [_("This cannot be read as CSV: a quotation mark may be missing.")]
        return _page(site, form), 422
    if with_bar:  # nothing is wrong with the file
        return progress.streamed(
            lambda counted: {
                "said": _done_in_words(
                    inventory.import_machines(
                        text, site.slug, actor=actor, now=now, progress=counted
                    )
                )
            }
        )
    flash(_done_in_words(done), "success")
    return redirect(url_for(".index", site=site.slug), 303)


def _done_in_words(done: Imported) -> str:
    return str(
        _(
            "Imported: %(added)s, %(changed)s.",
            added=ngettext("%(num)d machine added", "%(num)d machines added", done.added),
            changed=ngettext("%(num)d changed", "%(num)d changed", done.changed),
        )
    )


def _text_of(form: ImportForm) -> str | None:
    """Return the text of the file, else what was pasted; `None` after saying what is wrong."""
    upload = request.files.get("file")
    raw = upload.read() if upload is not None and upload.filename else b""
    try:
        text = raw.decode("utf-8-sig") if raw else str(form.text.data or "")
    except UnicodeDecodeError:
        form.file.errors = [_("This file is not UTF-8 text. Save it as “CSV UTF-8”.")]
        return None
    text = text.replace("\x00", "").replace("\r\n", "\n")  # as forms send what they were given
    if not text.strip():
        form.file.errors = [_("Choose a file, or paste its lines below.")]
        return None
    if len(text) > MOST_SIGNS:
        form.file.errors = [
            _("This is too much for a page. Cut it in parts, or use the command line.")
        ]
        return None
    return text


def _wrong_cell(problem: Problem) -> WrongCell:
    return WrongCell(
        int(problem.params.get("line", 1)),
        str(problem.params.get("field", "")),
        sentence_for(problem, g.get("zone")),
    )


def _lines(site: SiteView, text: str) -> list[tuple[Line, bool]]:
    everything = InventorySearch(site=site.slug, with_retired=True, limit=100_000)
    found, _count = queries.listed(reading(), everything)
    known = {machine.slug for machine in found}
    return [(line, line.command.slug not in known) for line in inventory.read_lines(text)]


def _page(
    site: SiteView,
    form: ImportForm,
    *,
    preview: Preview | None = None,
    wrong: Sequence[WrongCell] = (),
) -> str:
    session = reading()
    return render_template(
        "machines/import.html",
        site=site,
        form=form,
        preview=preview,
        wrong=wrong,
        most_shown=MOST_SHOWN,
        columns=COLUMNS,
        types=[kind.slug for kind in queries.machine_types(session)],
        spaces=[space.slug for space in spaces.of_site(session, site.id)],
    )
