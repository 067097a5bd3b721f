"""Use cases: agreeing and taking back, noting looks, and deciding how long things are kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Delete, delete
from sqlalchemy.dialects import postgresql, sqlite

from labops.domain.notifications.kinds import LetterKind
from labops.domain.notifications.models import LetterChoice
from labops.domain.privacy import queries, retention
from labops.domain.privacy.models import Consent, Look, RetentionPeriod
from labops.domain.privacy.purposes import Purpose, Seen
from labops.kernel import audit
from labops.kernel.db import is_sqlite, unit_of_work
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import Actor, Permission


def decide(agreed: Collection[Purpose], *, actor: Actor, now: datetime) -> None:
    """Write down to which purposes the actor agrees; to every other she says no.

    Who agrees to news again takes back that she had unsubscribed from such letters. Only what
    changed is written. Raises `NotSignedIn`, `Forbidden` for a reading token.
    """
    person_id = actor.require_person()
    actor.require_write()
    with unit_of_work() as session:
        for before in queries.decisions(session, person_id):
            given = before.purpose in agreed
            if given == before.given:
                continue
            purpose = before.purpose.value
            session.add(Consent(person_id=person_id, purpose=purpose, given=given, decided_at=now))
            if given and before.purpose is Purpose.NEWS:
                session.execute(_unsubscribed(person_id))
            action = "consent.given" if given else "consent.withdrawn"
            audit.record(session, actor, action, actor.label, now=now, after={"purpose": purpose})


def _unsubscribed(person_id: int) -> Delete:
    return delete(LetterChoice).where(
        LetterChoice.person_id == person_id, LetterChoice.kind == LetterKind.CIRCULAR
    )


def note_look(person_id: int, what: Seen, *, actor: Actor, now: datetime) -> None:
    """Note that the actor looked at what is delicate of somebody else's, once a day."""
    looker_id = actor.person_id
    if looker_id is None or looker_id == person_id:
        return
    with unit_of_work() as session:
        insert = sqlite.insert if is_sqlite(session) else postgresql.insert
        look = insert(Look).values(
            person_id=person_id,
            looker_id=looker_id,
            what=what.value,
            looked_on=now.date(),
            looked_at=now,
        )
        session.execute(look.on_conflict_do_nothing())


def keep_for(days: Mapping[str, int], *, actor: Actor, now: datetime) -> None:
    """Decide for how many days each kind of thing is kept.

    Raises `Forbidden`, and `Invalid` naming each kind whose days lie outside what is allowed.
    """
    actor.require(Permission.RETENTION_EDIT, None)
    wrong = [
        Problem("field.out-of-range", {"field": name, "lowest": kind.least, "highest": kind.most})
        for name, kind in retention.KINDS.items()
        if name in days and not kind.least <= days[name] <= kind.most
    ]
    if wrong:
        raise Invalid(wrong)
    with unit_of_work() as session:
        before = retention.periods(session)
        changed = {
            name: value
            for name, value in days.items()
            if name in retention.KINDS and before[name] != value
        }
        for name, value in changed.items():
            row = session.get(RetentionPeriod, name)
            if row is None:
                session.add(RetentionPeriod(kind=name, days=value, changed_at=now))
            else:
                row.days, row.changed_at = value, now
        if changed:
            audit.record(
                session,
                actor,
                "retention.changed",
                "retention:periods",
                now=now,
                before={name: before[name] for name in changed},
                after=changed,
            )
