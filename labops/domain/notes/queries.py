"""Reads of notes: each reader sees those that are meant for her."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import Session, aliased

from labops.domain.notes.models import Note, NoteVersion
from labops.domain.notes.values import Visibility
from labops.domain.people.models import Person
from labops.domain.sites.models import Site
from labops.kernel.errors import NotFound
from labops.kernel.permissions import Actor, Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """A note for one reader; `editable` says that she may change and delete it."""

    uid: str
    person_uid: str
    site_id: int
    site_name: str
    zone: str
    visibility: str
    text: str
    revision: int
    written_by: str
    written_at: datetime
    revised_at: datetime
    editable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """How a note once read."""

    revision: int
    visibility: str
    text: str
    written_by: str
    written_at: datetime


_Writer = aliased(Person)
_NOTES = (
    select(Note, Person.uid.label("person_uid"), Site.name, Site.zone, _Writer.name.label("writer"))
    .join(Person, Person.id == Note.person_id)
    .join(Site, Site.id == Note.site_id)
    .outerjoin(_Writer, _Writer.id == Note.written_by_id)
    .where(Note.deleted_at.is_(None))
)


def of_person(session: Session, person_id: int, actor: Actor) -> list[NoteView]:
    """Return the notes about a person that the actor may read, latest first."""
    rows = session.execute(
        _NOTES.where(Note.person_id == person_id, readable(actor)).order_by(Note.id.desc())
    )
    return [_view(row, actor) for row in rows]


def by_uid(session: Session, uid: str, actor: Actor) -> NoteView:
    """Return one note; raises `NotFound` for whoever it is not meant for."""
    row = session.execute(_NOTES.where(Note.uid == uid, readable(actor))).one_or_none()
    if row is None:
        raise NotFound
    return _view(row, actor)


def history(session: Session, uid: str, actor: Actor) -> list[VersionView]:
    """Return how a note read before, latest first; only for whoever may change it."""
    if not by_uid(session, uid, actor).editable:
        raise NotFound
    rows = session.execute(
        select(NoteVersion, Person.name)
        .join(Note, Note.id == NoteVersion.note_id)
        .outerjoin(Person, Person.id == NoteVersion.written_by_id)
        .where(Note.uid == uid)
        .order_by(NoteVersion.revision.desc())
    )
    return [
        VersionView(
            revision=row[0].revision,
            visibility=row[0].visibility,
            text=row[0].text,
            written_by=row[1] or "",
            written_at=row[0].written_at,
        )
        for row in rows
    ]


def readable(actor: Actor) -> ColumnElement[bool]:
    """Return which notes the actor may read, among those that were not deleted."""
    staff = and_(
        Note.visibility != Visibility.MANAGERS, _at(actor.sites_where(Permission.PERSON_SEE))
    )
    managers = _at(actor.sites_where(Permission.NOTE_SEE_ALL))
    own = and_(
        Note.visibility == Visibility.PERSON,
        Note.person_id == (actor.person_id if actor.signed_in else None),
    )
    return or_(staff, managers, own)


def _at(site_ids: frozenset[int] | None) -> ColumnElement[bool]:
    if site_ids is None:
        return true()
    return Note.site_id.in_(sorted(site_ids)) if site_ids else false()


def _view(row: Any, actor: Actor) -> NoteView:
    note: Note = row[0]
    wrote_it = note.written_by_id is not None and actor.owns(note.written_by_id)
    return NoteView(
        uid=note.uid,
        person_uid=row.person_uid,
        site_id=note.site_id,
        site_name=row.name,
        zone=row.zone,
        visibility=note.visibility,
        text=note.text,
        revision=note.revision,
        written_by=row.writer or "",
        written_at=note.written_at,
        revised_at=note.revised_at,
        editable=(wrote_it and actor.may(Permission.NOTE_WRITE, note.site_id))
        or actor.may(Permission.NOTE_SEE_ALL, note.site_id),
    )


def sites_to_write_at(actor: Actor, sites: Sequence[Site]) -> list[Site]:
    """Return the sites at which the actor may write notes."""
    return [site for site in sites if actor.may(Permission.NOTE_WRITE, site.id)]
