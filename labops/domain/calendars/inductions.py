"""Inductions in feeds: all of them, those of a place, and those that a person signed up for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.calendars.planned import Asked, PlannedEvent
from labops.domain.inductions import queries
from labops.domain.inductions.models import InductionMachine, InductionSession
from labops.domain.inductions.states import SessionState, SignUpState
from labops.domain.inductions.views import SessionView

# Words of feeds in both languages: a source has no page's catalogue at hand.
_WORDS = {
    "it": {
        "title": "Corso di abilitazione: {kind} ({site})",
        "free": "Posti liberi: {free} di {places}.",
        "cancelled": "Annullato: ",
        "waiting": "In lista d'attesa: ",
    },
    "en": {
        "title": "Induction: {kind} ({site})",
        "free": "Free places: {free} of {places}.",
        "cancelled": "Cancelled: ",
        "waiting": "Waiting list: ",
    },
}


def everywhere(session: Session, asked: Asked) -> Sequence[PlannedEvent]:
    """Return every session, with how many places are left."""
    return [_event(one, asked) for one in queries.for_feed(session, asked.window, ())]


def of_site(session: Session, asked: Asked) -> Sequence[PlannedEvent]:
    """Return a site's sessions that take place."""
    conditions = [
        InductionSession.site_id == asked.site_id,
        InductionSession.state != SessionState.CANCELLED,
    ]
    return [_event(one, asked) for one in queries.for_feed(session, asked.window, conditions)]


def of_machine(session: Session, asked: Asked) -> Sequence[PlannedEvent]:
    """Return the sessions that take a machine."""
    ids = select(InductionMachine.session_id).where(
        InductionMachine.bookable_id == asked.bookable_id
    )
    conditions = [InductionSession.id.in_(ids), InductionSession.state != SessionState.CANCELLED]
    return [_event(one, asked) for one in queries.for_feed(session, asked.window, conditions)]


def of_person(session: Session, asked: Asked) -> Sequence[PlannedEvent]:
    """Return the sessions that a person is in; tentative while she waits for a place."""
    return [
        _event(mine.induction, asked, waiting=mine.state == SignUpState.WAITING)
        for mine in queries.of_person(session, asked.person_id, asked.window)
    ]


def title_of(one: SessionView, language: str) -> str:
    """Return what calendars call a session."""
    words = _WORDS["it" if language == "it" else "en"]
    return words["title"].format(kind=one.type_name(language), site=one.site_name)


def _event(one: SessionView, asked: Asked, *, waiting: bool = False) -> PlannedEvent:
    words = _WORDS["it" if asked.language == "it" else "en"]
    cancelled = one.state == SessionState.CANCELLED
    mark = words["cancelled"] if cancelled else words["waiting"] if waiting else ""
    free = words["free"].format(free=one.free_count, places=one.places)
    place = (one.space, one.site_name, one.site_address)
    return PlannedEvent(
        uid=f"i-{one.uid}",
        sequence=one.sequence,
        created_at=one.created_at,
        revised_at=one.revised_at,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        state="cancelled" if cancelled else "tentative" if waiting else "confirmed",
        summary=mark + title_of(one, asked.language),
        location=", ".join(part for part in place if part),
        description="\n".join(part for part in (free if not cancelled else "", one.note) if part),
        path=f"/inductions/{one.uid}",
    )
