"""Use cases of erasing: ask for it, take it back, order it, do it when it is due."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.erasure import queries
from labops.domain.erasure.erasing import erase, traces_of
from labops.domain.erasure.events import ErasureAsked, ErasureTakenBack
from labops.domain.erasure.models import ErasureRequest
from labops.domain.people.models import Person
from labops.kernel import audit, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem, Refused
from labops.kernel.permissions import SYSTEM, Actor, Permission

COOLING_OFF = timedelta(days=7)


def ask(*, actor: Actor, now: datetime) -> datetime:
    """Have the actor erased in a week, until when she can take it back; return when that is.

    Asking again changes nothing. Raises `Refused` with `erasure.only-admin`.
    """
    actor.require_write()
    person_id = actor.require_person()
    with unit_of_work() as session:
        # Two forms sent at once must not make two requests.
        person = session.get_one(Person, person_id, with_for_update=True)
        request = queries.waiting(session, person_id)
        if request is not None:
            return request.due_at
        _require_another_admin(session, person_id)
        due_at = now + COOLING_OFF
        _add(session, person, actor, due_at=due_at, now=now)
        event = ErasureAsked(person_uid=person.uid, at=now.isoformat())
        outbox.record(session, event, now=now)
        return due_at


def take_back(*, actor: Actor, now: datetime) -> None:
    """Let the actor stay; raises `NotFound` when she never asked, or staff ordered it."""
    actor.require_write()
    person_id = actor.require_person()
    with unit_of_work() as session:
        person = session.get_one(Person, person_id, with_for_update=True)
        request = queries.waiting(session, person_id)
        if request is None or request.due_at <= now:
            raise NotFound
        request.taken_back_at = now
        subject = f"person:{person.uid}"
        audit.record(session, actor, "person.erasure-taken-back", subject, now=now)
        event = ErasureTakenBack(person_uid=person.uid, at=now.isoformat())
        outbox.record(session, event, now=now)


def order(person_uid: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Have a person erased within minutes, for a reason that is written down.

    Raises `Forbidden` to all but admins, `NotFound`, `Invalid` without a reason, and `Refused`
    with `erasure.only-admin`.
    """
    actor.require(Permission.PERSON_ERASE, None)
    if not reason.strip():
        raise Invalid.field("reason", "field.required")
    with unit_of_work() as session:
        query = select(Person).where(Person.uid == person_uid).with_for_update()
        person = session.scalar(query)
        if person is None or queries.erased_at(session, person_uid) is not None:
            raise NotFound
        _require_another_admin(session, person.id)
        request = queries.waiting(session, person.id)
        if request is None:
            _add(session, person, actor, due_at=now, now=now, reason=reason)
        else:
            request.due_at, request.reason = min(request.due_at, now), reason.strip()[:300]
            request.asked_by_id = actor.person_id


def erase_due(*, now: datetime, dry_run: bool = False) -> int:
    """Erase everybody whose time has come; return how many."""
    due = queries.due(reading(), now=now)
    return len(due) if dry_run else sum(_erase(request_id, now=now) for request_id in due)


def _erase(request_id: int, *, now: datetime) -> bool:
    request = reading().get_one(ErasureRequest, request_id)
    # Looking through everybody's texts takes a while: others go on writing meanwhile.
    traces = traces_of(reading(), reading().get_one(Person, request.person_id))
    with unit_of_work() as session:
        request = session.get_one(ErasureRequest, request_id, with_for_update=True)
        if request.done_at or request.taken_back_at or request.due_at > now:
            return False
        erase(session, session.get_one(Person, request.person_id), traces, actor=SYSTEM, now=now)
        return True


def _add(
    session: Session,
    person: Person,
    actor: Actor,
    *,
    due_at: datetime,
    now: datetime,
    reason: str = "",
) -> None:
    session.add(
        ErasureRequest(
            person_id=person.id,
            asked_by_id=actor.person_id,
            asked_at=now,
            due_at=due_at,
            reason=reason.strip()[:300],
        )
    )
    audit.record(
        session,
        actor,
        "person.erasure-asked",
        f"person:{person.uid}",
        now=now,
        after={"due_at": due_at.isoformat()},
        reason=reason,
    )


def _require_another_admin(session: Session, person_id: int) -> None:
    if queries.is_only_admin(session, person_id):
        raise Refused([Problem("erasure.only-admin")])
