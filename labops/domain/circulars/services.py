"""Use cases of circulars: sending one off, and a job that has its letters told little by little."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from labops.domain.circulars import queries
from labops.domain.circulars.events import CIRCULAR_SENT, CircularSent
from labops.domain.circulars.models import Circular, CircularReceiver
from labops.domain.circulars.queries import Audience
from labops.domain.people.selecting import Choice, Standing
from labops.domain.sites.models import Site
from labops.kernel import audit, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Invalid, NotFound, Problem
from labops.kernel.ids import new_uid
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import Actor, Permission
from labops.kernel.text import one_line, without_controls

LONGEST_SUBJECT = 150
LONGEST_BODY = 10_000
# A circular to thousands never makes other letters wait: so many of its own wait at a time.
MOST_WAITING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCircular:
    """A letter to everybody chosen, in plain text; an empty line begins a new paragraph.

    One language may be left out: then its readers get the other.
    """

    site_id: int
    choice: Choice
    about_service: bool
    subject_it: str = ""
    body_it: str = ""
    subject_en: str = ""
    body_en: str = ""


def look_at(command: SendCircular, *, actor: Actor, now: datetime) -> Audience:
    """Say whom the circular would go to, sending nothing; raises as `send`."""
    _checked(reading(), command, actor)
    return queries.audience(reading(), command.choice, about_service=command.about_service, now=now)


def send(command: SendCircular, *, actor: Actor, now: datetime) -> str:
    """Write down whom the circular goes to, as they are now, and return its uid.

    The letters are told by a job. Raises `Forbidden`, and `Invalid` for a text without subject or
    body, for people whom the actor's site has nothing to do with, and when nobody would get it.
    """
    with unit_of_work() as session:
        words = _checked(session, command, actor)
        circular = Circular(
            uid=new_uid(),
            site_id=command.site_id,
            about_service=command.about_service,
            choice=command.choice.kept(),
            created_by_id=actor.person_id,
            created_at=now,
            **words,
        )
        session.add(circular)
        session.flush()
        found = queries.receivers(
            session, command.choice, about_service=command.about_service, now=now
        ).subquery()
        session.execute(
            insert(CircularReceiver).from_select(
                ["circular_id", "person_id"], select(literal(circular.id), found.c.id)
            )
        )
        count = session.scalar(
            select(func.count()).where(CircularReceiver.circular_id == circular.id)
        )
        if not count:
            raise Invalid([Problem("circular.nobody")])
        audit.record(
            session,
            actor,
            "circular.sent",
            f"circular:{circular.uid}",
            now=now,
            after={"site_id": command.site_id, "receivers": count, "choice": circular.choice},
        )
        return circular.uid


def queue_letters(*, now: datetime, dry_run: bool = False) -> int:
    """Record the next letters of circulars to be told; return how many.

    A receiver is ticked off in the transaction that records her letter, so whoever kills this
    half-way loses nothing and doubles nothing.
    """
    room = MOST_WAITING - _waiting(reading())
    query = (
        select(CircularReceiver, Circular.uid)
        .join(Circular, Circular.id == CircularReceiver.circular_id)
        .where(Circular.finished_at.is_(None), CircularReceiver.queued_at.is_(None))
        .order_by(CircularReceiver.circular_id, CircularReceiver.person_id)
        .limit(max(room, 0))
    )
    if dry_run or not reading().execute(query.limit(1)).first():
        return len(reading().execute(query).all())
    with unit_of_work() as session:
        locked = query.with_for_update(of=CircularReceiver, skip_locked=True)
        rows = session.execute(locked).all()
        for receiver, uid in rows:
            event = CircularSent(circular_uid=uid, person_id=receiver.person_id)
            outbox.record_once(session, event, now=now)
            receiver.queued_at = now
        session.flush()
        _finish(session, now)
    return len(rows)


def _finish(session: Session, now: datetime) -> None:
    unqueued = (
        select(CircularReceiver.person_id)
        .where(CircularReceiver.circular_id == Circular.id, CircularReceiver.queued_at.is_(None))
        .exists()
    )
    session.execute(
        update(Circular)
        .where(Circular.finished_at.is_(None), ~unqueued)
        .values(finished_at=now)
        .execution_options(synchronize_session=False)
    )


def _waiting(session: Session) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                OutboxMessage.kind == CIRCULAR_SENT,
                OutboxMessage.delivered_at.is_(None),
                OutboxMessage.given_up_at.is_(None),
            )
        )
        or 0
    )


def _checked(session: Session, command: SendCircular, actor: Actor) -> dict[str, str]:
    """Return the words, cleaned; raises `Forbidden`, `NotFound` and `Invalid`."""
    actor.require(Permission.CIRCULAR_SEND, command.site_id)
    slug = session.scalar(select(Site.slug).where(Site.id == command.site_id))
    if slug is None:
        raise NotFound
    problems = []
    if not actor.may(Permission.CIRCULAR_SEND, None) and (
        command.choice.site != slug or command.choice.standing is Standing.NONE
    ):
        problems.append(Problem("circular.too-wide"))
    words = {
        "subject_it": one_line(command.subject_it),
        "subject_en": one_line(command.subject_en),
        "body_it": without_controls(command.body_it).strip(),
        "body_en": without_controls(command.body_en).strip(),
    }
    for name, text in words.items():
        longest = LONGEST_SUBJECT if name.startswith("subject") else LONGEST_BODY
        if len(text) > longest:
            problems.append(Problem("field.too-long", {"field": name, "longest": longest}))
    written = [code for code in ("it", "en") if words[f"subject_{code}"] or words[f"body_{code}"]]
    for code in written or ["it"]:
        problems += [
            Problem("field.required", {"field": name})
            for name in (f"subject_{code}", f"body_{code}")
            if not words[name]
        ]
    if problems:
        raise Invalid(problems)
    return words
