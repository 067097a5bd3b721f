"""What becomes of facts that were told, and what people choose to be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from labops.domain.notifications import queries
from labops.domain.notifications.kinds import KINDS, OFF, LetterKind
from labops.domain.notifications.models import Invited, LetterChoice
from labops.domain.people.models import Account, Person
from labops.kernel import audit, outbox
from labops.kernel.db import reading, unit_of_work
from labops.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import NOBODY, Actor, Permission

# Long enough to answer "I never got that mail".
KEPT = timedelta(days=90)


def forget_told(*, now: datetime, dry_run: bool = False) -> int:
    """Drop facts that were told more than 90 days ago; return how many.

    Those that were given up stay: somebody ought to look at them.
    """
    old = OutboxMessage.delivered_at < now - KEPT
    count = reading().scalar(select(func.count()).select_from(OutboxMessage).where(old)) or 0
    if count and not dry_run:
        with unit_of_work() as session:
            session.execute(delete(OutboxMessage).where(old))
    return count


def try_again(message_id: int, *, actor: Actor, now: datetime) -> None:
    """Have a message that was given up told after all, within seconds.

    Raises `Forbidden` for whoever may not see messages and `NotFound` when none with this
    number was given up.
    """
    if not actor.may_somewhere(Permission.OUTBOX_SEE):
        raise Forbidden if actor.signed_in else NotSignedIn
    with unit_of_work() as session:
        if not outbox.take_up(session, message_id, now=now):
            raise NotFound
        audit.record(session, actor, "message.retried", f"message:{message_id}", now=now)


def choose(choices: Mapping[LetterKind, str], *, actor: Actor, now: datetime) -> None:
    """Keep what the person wants of each kind of letter named; the others stay as they are.

    Raises `Invalid` for a choice that a kind does not offer, so also for a necessary one.
    """
    actor.require_write()
    person_id = actor.require_person()
    for kind, choice in choices.items():
        if choice not in KINDS[kind].choices:
            raise Invalid.field(kind, "field.not-offered", value=choice)
    with unit_of_work() as session:
        _keep(session, person_id, choices, actor=actor, now=now)


def stop(account_id: int, kind: LetterKind, *, now: datetime) -> None:
    """Switch a kind of letter off by the address in such a letter; twice is the same as once.

    Raises `NotFound` when the account is gone or such letters carry no address.
    """
    if not KINDS[kind].one_click:
        raise NotFound
    with unit_of_work() as session:
        person_id = session.scalar(select(Account.person_id).where(Account.id == account_id))
        if person_id is None:
            raise NotFound
        _keep(session, person_id, {kind: OFF}, actor=NOBODY, now=now)


def note_invited(
    session: Session, booking_id: int, person_id: int, *, sequence: int | None, now: datetime
) -> None:
    """Note what the person's calendar holds of a booking since a mail left; `None`: nothing."""
    row = session.get(Invited, (booking_id, person_id), populate_existing=True)
    if sequence is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(
            Invited(booking_id=booking_id, person_id=person_id, sequence=sequence, sent_at=now)
        )
    else:
        row.sequence, row.sent_at = sequence, now


def _keep(
    session: Session,
    person_id: int,
    choices: Mapping[LetterKind, str],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    # Two forms sent at once come one after the other.
    person = session.get_one(Person, person_id, with_for_update=True, populate_existing=True)
    before = queries.choices_of(session, person_id)
    changed = {kind: choice for kind, choice in choices.items() if before[kind] != choice}
    if not changed:
        return
    for kind, choice in changed.items():
        session.merge(LetterChoice(person_id=person_id, kind=kind, choice=choice, chosen_at=now))
    audit.record(
        session,
        actor,
        "letters.chosen",
        f"person:{person.uid}",
        now=now,
        before={str(kind): before[kind] for kind in changed},
        after={str(kind): choice for kind, choice in changed.items()},
    )
