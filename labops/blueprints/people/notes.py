"""Notes that staff write about a person."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import current_actor, requires
from labops.blueprints.people.base import bp
from labops.blueprints.people.forms import NoteForm, visibility_names
from labops.blueprints.people.routes import offer_choices, person_page
from labops.blueprints.sites.base import put_errors
from labops.domain.notes import queries, services
from labops.domain.notes.queries import NoteView
from labops.domain.sites.queries import find_site
from labops.kernel import clock
from labops.kernel.db import reading
from labops.kernel.errors import Changed, Forbidden, Invalid, NotFound
from labops.kernel.permissions import Permission


@bp.post("/<uid>/notes")
@requires(Permission.NOTE_WRITE)
def write_note(uid: str) -> ResponseReturnValue:
    """Write a note about the person."""
    form = offer_choices(NoteForm(request.form))
    if form.validate():
        site = find_site(reading(), form["site"].data)
        if site is None:
            raise NotFound
        try:
            services.write_note(
                uid,
                site.id,
                text=form["text"].data,
                visibility=form["visibility"].data,
                actor=current_actor(),
                now=clock.now(),
            )
        except Invalid as error:
            put_errors(form, error.problems)
        else:
            flash(_("The note is written."), "success")
            return redirect(url_for(".show", uid=uid, _anchor="notes"), 303)
    return person_page(uid, {"note": form}, 422)


@bp.get("/notes/<note_uid>")
@requires(Permission.NOTE_WRITE)
def edit_note(note_uid: str) -> ResponseReturnValue:
    """Show a note to change, and how it read before."""
    note = _editable(note_uid)
    form = _offered(NoteForm(data={"text": note.text, "visibility": note.visibility}))
    return _page(note, form, 200)


@bp.post("/notes/<note_uid>")
@requires(Permission.NOTE_WRITE)
def change_note(note_uid: str) -> ResponseReturnValue:
    """Change a note."""
    note = _editable(note_uid)
    form = _offered(NoteForm(request.form))
    revision = request.form.get("revision", "")
    if form.validate():
        try:
            services.change_note(
                note_uid,
                text=form["text"].data,
                visibility=form["visibility"].data,
                revision=int(revision) if revision.isdecimal() else 0,
                actor=current_actor(),
                now=clock.now(),
            )
        except Invalid as error:
            put_errors(form, error.problems)
        except Changed:
            form.form_errors.append(
                _("Somebody changed this note meanwhile: see below how it reads now.")
            )
            return _page(note, form, 409)
        else:
            flash(_("The note is changed."), "success")
            return redirect(url_for(".show", uid=note.person_uid, _anchor="notes"), 303)
    return _page(note, form, 422)


@bp.post("/notes/<note_uid>/delete")
@requires(Permission.NOTE_WRITE)
def delete_note(note_uid: str) -> ResponseReturnValue:
    """Show the note to nobody any more."""
    uid = services.delete_note(note_uid, actor=current_actor(), now=clock.now())
    flash(_("The note is deleted."), "success")
    return redirect(url_for(".show", uid=uid, _anchor="notes"), 303)


def _editable(note_uid: str) -> NoteView:
    note = queries.by_uid(reading(), note_uid, current_actor())
    if not note.editable:
        raise Forbidden
    return note


def _offered(form: NoteForm) -> Form:
    del form.site  # a note stays at its site
    return offer_choices(form)


def _page(note: NoteView, form: Form, status: int) -> ResponseReturnValue:
    page = render_template(
        "people/note.html",
        note=note,
        form=form,
        history=queries.history(reading(), note.uid, current_actor()),
        visibility_names=visibility_names(),
    )
    return page, status
