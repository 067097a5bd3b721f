"""All labs for officers, the silent ones among them; the catalogue for administrators."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import current_actor, requires
from labops.blueprints.csv_answers import csv_answer
from labops.blueprints.labs.base import bp
from labops.blueprints.labs.editing import own_lab
from labops.blueprints.labs.forms import CatalogueForm
from labops.blueprints.labs.words import source_name, why_not
from labops.blueprints.machines.forms import MOST_SIGNS
from labops.blueprints.sites.base import asked, put_errors
from labops.domain.labs import catalogue, probing, queries, services
from labops.domain.labs.catalogue import CatalogueImport
from labops.domain.labs.queries import OfficerSearch
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Invalid
from labops.kernel.permissions import Permission

PAGE = 60
MOST_IN_FILE = 100_000
MOST_SHOWN = 300


@bp.get("/labs/all")
@requires(Permission.LAB_EDIT)
def all_labs() -> ResponseReturnValue:
    """List every lab, on the list or not; `silent=1` those whose site does not answer."""
    text = asked("page")
    page = max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004
    silent = asked("silent") == "1"
    wanted = OfficerSearch(words=asked("q"), silent=silent, offset=(page - 1) * PAGE, limit=PAGE)
    labs, count = queries.for_officers(reading(), wanted, current_actor())
    return render_template(
        "labs/all.html",
        labs=labs,
        count=count,
        page=page,
        page_count=-(-count // PAGE),
        page_url=lambda number: url_for(
            ".all_labs", q=asked("q") or None, silent="1" if silent else None, page=number
        ),
        csv_url=url_for(".export_all", q=asked("q") or None, silent="1" if silent else None),
        words=asked("q"),
        silent=silent,
        source_name=source_name,
    )


@bp.get("/labs/all.csv")
@requires(Permission.LAB_EDIT)
def export_all() -> Response:
    """Answer with every lab that the filters leave, a line each."""
    wanted = OfficerSearch(words=asked("q"), silent=asked("silent") == "1", limit=MOST_IN_FILE)
    labs, _count = queries.for_officers(reading(), wanted, current_actor())
    columns = ("slug", "name", "city", "source", "website", "silent_since", "revised_at")
    rows = ([str(getattr(lab, name) or "") for name in columns] for lab in labs)
    return csv_answer("labs", columns, rows)


@bp.post("/labs/<slug>/silence")
@requires(Permission.LAB_EDIT)
def see_silence(slug: str) -> ResponseReturnValue:
    """Write down that an officer looked after a lab whose site does not answer."""
    lab = own_lab(slug)
    probing.see_silence(lab.public.id, actor=current_actor(), now=clock.now())
    flash(_("Written down: you looked after it."), "success")
    return redirect(url_for(".all_labs", silent="1"), 303)


@bp.post("/labs/<slug>/note")
@requires(Permission.LAB_EDIT)
def note(slug: str) -> ResponseReturnValue:
    """Save what officers note about a lab."""
    lab = own_lab(slug)
    services.note_internally(
        lab.public.id, request.form.get("note", ""), actor=current_actor(), now=clock.now()
    )
    flash(_("Saved."), "success")
    return redirect(url_for(".edit", slug=slug), 303)


@bp.get("/labs/catalogue")
@requires(Permission.CATALOGUE_IMPORT)
def models() -> ResponseReturnValue:
    """Show where to put a file of machine models."""
    return _page(CatalogueForm())


@bp.post("/labs/catalogue")
@requires(Permission.CATALOGUE_IMPORT)
def import_models() -> ResponseReturnValue:
    """Say what the file would change and what cannot be read; with `act=import`, change it."""
    form = CatalogueForm(request.form)
    text = _text_of(form)
    if text is None or not form.validate():
        return _page(form), 422
    form.text.data = text
    importing = request.form.get("act") == "import"
    try:
        done = catalogue.import_catalogue(
            text,
            actor=current_actor(),
            now=clock.now(),
            unit=str(form.unit.data or ""),
            dry_run=not importing,
        )
    except Invalid as invalid:
        put_errors(form, invalid.problems)
        return _page(form), 422
    if importing:
        flash(
            _(
                "Imported: %(added)d models added, %(changed)d changed.",
                added=done.added,
                changed=done.changed,
            ),
            "success",
        )
        return redirect(url_for(".models"), 303)
    return _page(form, done)


def _text_of(form: Form) -> str | None:
    """Return the text of the file, else what was pasted; `None` after saying what is wrong."""
    upload = request.files.get("file")
    raw = upload.read() if upload is not None and upload.filename else b""
    try:
        text = raw.decode("utf-8-sig") if raw else str(form["text"].data or "")
    except UnicodeDecodeError:
        form["file"].errors = [_("This file is not UTF-8 text. Save it as “CSV UTF-8”.")]
        return None
    text = text.replace("\x00", "").replace("\r\n", "\n")
    if not text.strip():
        form["file"].errors = [_("Choose a file, or paste its lines below.")]
        return None
    if len(text) > MOST_SIGNS:
        form["file"].errors = [
            _("This is too much for a page. Cut it in parts, or use the command line.")
        ]
        return None
    return text


def _page(form: CatalogueForm, preview: CatalogueImport | None = None) -> str:
    return render_template(
        "labs/catalogue.html",
        form=form,
        preview=preview,
        count=catalogue.model_count(reading()),
        most_shown=MOST_SHOWN,
        why_not=why_not,
    )
