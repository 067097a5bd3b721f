"""Use cases of notes: writing, changing, deleting. What was written stays in its history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.notes import queries
from labops.domain.notes.models import Note, NoteVersion
from labops.domain.notes.values import LONGEST_NOTE, Visibility
from labops.domain.people.models import Person
from labops.kernel import audit
from labops.kernel.db import unit_of_work
from labops.kernel.errors import Changed, Forbidden, Invalid, NotFound
from labops.kernel.ids import new_uid
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import without_controls


def write_note(
    person_uid: str,
    site_id: int,
    *,
    text: str,
    visibility: str,
    actor: Actor,
    now: datetime,
) -> str:
    """Write a note about a person and return its uid.

    Raises `Forbidden`, `NotFound` for an unknown person, `Invalid` for an empty or endless text,
    or a note for managers by somebody who is none.
    """
    actor.require(Permission.NOTE_WRITE, site_id)
    text = _checked(text, visibility, site_id, actor)
    with unit_of_work() as session:
        person_id = session.scalar(select(Person.id).where(Person.uid == person_uid))
        if person_id is None:
            raise NotFound
        note = Note(
            uid=new_uid(),
            person_id=person_id,
            site_id=site_id,
            visibility=visibility,
            text=text,
            revision=1,
            written_by_id=actor.person_id,
            written_at=now,
            revised_at=now,
        )
        session.add(note)
        _audit(session, "note.written", note, person_uid, actor=actor, now=now)
        return note.uid


def change_note(
    uid: str, *, text: str, visibility: str, revision: int, actor: Actor, now: datetime
) -> None:
    """Change a note; how it read before is kept.

    Raises `NotFound`, `Forbidden` for whoever neither wrote it nor is a manager, `Invalid`, and
    `Changed` when somebody changed it since the caller read `revision`.
    """
    with unit_of_work() as session:
        note, person_uid = _editable(session, uid, actor)
        if note.revision != revision:
            raise Changed
        text = _checked(text, visibility, note.site_id, actor)
        if (note.text, note.visibility) == (text, visibility):
            return
        session.add(
            NoteVersion(
                note_id=note.id,
                revision=note.revision,
                visibility=note.visibility,
                text=note.text,
                written_by_id=note.written_by_id,
                written_at=note.revised_at,
            )
        )
        note.text, note.visibility = text, visibility
        note.revision += 1
        note.written_by_id, note.revised_at = actor.person_id, now
        _audit(session, "note.changed", note, person_uid, actor=actor, now=now)


def delete_note(uid: str, *, actor: Actor, now: datetime) -> str:
    """Show a note to nobody any more, and return the person's uid; raises as `change_note`."""
    with unit_of_work() as session:
        note, person_uid = _editable(session, uid, actor)
        note.deleted_at, note.deleted_by_id = now, actor.person_id
        _audit(session, "note.deleted", note, person_uid, actor=actor, now=now)
        return person_uid


def _editable(session: Session, uid: str, actor: Actor) -> tuple[Note, str]:
    seen = queries.by_uid(session, uid, actor)
    if not seen.editable:
        raise Forbidden
    note = session.scalars(select(Note).where(Note.uid == uid).with_for_update()).one()
    return note, seen.person_uid


def _checked(text: str, visibility: str, site_id: int, actor: Actor) -> str:
    cleaned = without_controls(text).strip()
    if not cleaned:
        raise Invalid.field("text", "field.required")
    if len(cleaned) > LONGEST_NOTE:
        raise Invalid.field("text", "field.too-long", longest=LONGEST_NOTE)
    for_managers = visibility == Visibility.MANAGERS
    if visibility not in set(Visibility) or (
        for_managers and not actor.may(Permission.NOTE_SEE_ALL, site_id)
    ):
        raise Invalid.field("visibility", "field.not-offered")
    return cleaned


def _audit(
    session: Session, action: str, note: Note, person_uid: str, *, actor: Actor, now: datetime
) -> None:
    after = {"note": note.uid, "revision": note.revision, "visibility": str(note.visibility)}
    audit.record(session, actor, action, f"person:{person_uid}", now=now, after=after)
