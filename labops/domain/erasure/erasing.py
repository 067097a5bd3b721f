"""Erase a person: what the inventory says of each column, in one transaction.

It needs no account and no request, so that a restore can do it again to whoever came back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Table, delete, or_, select, update
from sqlalchemy.orm import Session

from labops.domain.erasure.events import PersonErased
from labops.domain.erasure.inventory import INVENTORY, Entry, Treatment
from labops.domain.erasure.models import ErasedPerson, ErasureRequest
from labops.domain.erasure.scrubbing import Places, Words, find, scrub
from labops.domain.people.models import Account, Person
from labops.domain.tables import METADATA
from labops.domain.waiting.models import Offer, WaitingWish
from labops.kernel import audit, ledger, outbox
from labops.kernel.audit import AuditEntry
from labops.kernel.ledger import Owner, OwnerKind
from labops.kernel.outbox import OutboxMessage
from labops.kernel.permissions import Actor


def pseudonym_of(uid: str) -> str:
    """Return what an erased person is called: always the same, and nothing leads back from it."""
    return f"Person erased {hashlib.sha256(uid.encode()).hexdigest()[:6]}"


def traces_of(session: Session, person: Person) -> Mapping[str, Places]:
    """Return where others' texts hold her name or address, for `erase`; best asked before it."""
    words = _words_of(session, person)
    return {
        name: find(session, METADATA.tables[name], scrubbed, words)
        for name, entry in INVENTORY.items()
        if (scrubbed := _scrubbed(entry))
    }


def erase(
    session: Session,
    person: Person,
    traces: Mapping[str, Places],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Erase a person inside the caller's transaction.

    Her coming bookings are still there; who cancels them finds them by `erased_person`.
    """
    account = session.scalar(select(Account).where(Account.person_id == person.id))
    words = _words_of(session, person)
    person_id, uid = person.id, person.uid
    _release_offers(session, person_id)
    _drop_untold(session, uid, person_id, account.id if account else None)
    _empty_own_entries(session, uid, account.id if account else None)
    session.flush()
    for table in METADATA.sorted_tables:
        if entry := INVENTORY.get(table.name):
            _treat(session, table, entry, person_id, words)
            if scrubbed := _scrubbed(entry):
                scrub(session, table, scrubbed, words, traces[table.name])
    for table in reversed(METADATA.sorted_tables):
        entry = INVENTORY.get(table.name)
        if entry and entry.goes:
            session.execute(delete(table).where(_hers(table, entry, person_id)))
    session.expire_all()
    again = session.get_one(Person, person_id)
    again.bookings_revision += 1  # calendars show the pseudonym from now on
    if session.get(ErasedPerson, uid) is None:
        session.add(ErasedPerson(uid=uid, erased_at=now))
    session.execute(
        update(ErasureRequest)
        .where(ErasureRequest.person_id == person_id, ErasureRequest.done_at.is_(None))
        .values(done_at=now)
    )
    audit.record(session, actor, "person.erased", f"person:{uid}", now=now)
    outbox.record_once(session, PersonErased(person_uid=uid, at=now.isoformat()), now=now)
    session.flush()


def erase_again(session: Session, uids: Collection[str], *, actor: Actor, now: datetime) -> int:
    """Erase whoever of these is there and not erased; return how many that were.

    All of them stand on the list afterwards, whether this database knows them or not.
    """
    count = 0
    listed = set(session.scalars(select(ErasedPerson.uid)))
    for uid in sorted(uids):
        person = session.scalar(select(Person).where(Person.uid == uid))
        if person is not None and person.name != pseudonym_of(uid):
            erase(session, person, traces_of(session, person), actor=actor, now=now)
            count += 1
        elif uid not in listed:
            session.add(ErasedPerson(uid=uid, erased_at=now))
    session.flush()
    return count


def _treat(session: Session, table: Table, entry: Entry, person_id: int, words: Words) -> None:
    """Empty and rename what stays."""
    values: dict[str, Any] = {}
    for name, rule in entry.columns.items():
        if rule.treatment is Treatment.EMPTY:
            values[name] = rule.empty
        elif rule.treatment is Treatment.PSEUDONYM:
            values[name] = words.pseudonym
    if values:
        session.execute(update(table).where(_hers(table, entry, person_id)).values(**values))


def _scrubbed(entry: Entry) -> list[str]:
    """Return the columns of a table in which her words are replaced."""
    rules = entry.columns.items()
    return [name for name, rule in rules if rule.treatment is Treatment.SCRUB]


def _words_of(session: Session, person: Person) -> Words:
    account = session.scalar(select(Account).where(Account.person_id == person.id))
    return Words(person.name, account.email if account else "", pseudonym_of(person.uid))


def _hers(table: Table, entry: Entry, person_id: int) -> ColumnElement[bool]:
    return or_(*(_leads_to(table, way, person_id) for way in entry.whose))


def _leads_to(table: Table, way: str, person_id: int) -> ColumnElement[bool]:
    """Return the condition that a way from a row ends at the person."""
    column, _arrow, rest = way.partition(">")
    if not rest:
        return table.c[column] == person_id
    name, _dot, further = rest.partition(".")
    other = METADATA.tables[name]
    (key,) = other.primary_key
    found: ScalarSelect[Any] = (
        select(key).where(_leads_to(other, further, person_id)).scalar_subquery()
    )
    return table.c[column].in_(found)


def _release_offers(session: Session, person_id: int) -> None:
    """Give back the time that offers hold for her, before they go."""
    query = select(Offer.id).join(WaitingWish, WaitingWish.id == Offer.wish_id)
    for offer_id in session.scalars(query.where(WaitingWish.person_id == person_id)).all():
        ledger.release(session, Owner(OwnerKind.OFFER, offer_id))


def _drop_untold(session: Session, uid: str, person_id: int, account_id: int | None) -> None:
    """Drop what she was still to be told: there is no address any more."""
    hers = {"person_id": person_id, "account_id": account_id, "person_uid": uid}
    untold = select(OutboxMessage).where(OutboxMessage.delivered_at.is_(None))
    for message in session.scalars(untold).all():
        if any(message.payload.get(key) == value for key, value in hers.items() if value):
            session.delete(message)


def _empty_own_entries(session: Session, uid: str, account_id: int | None) -> None:
    """Empty what was written down of her own data: names, reasons of suspensions."""
    subjects = [f"person:{uid}", *([f"account:{account_id}"] if account_id else [])]
    session.execute(
        update(AuditEntry)
        .where(AuditEntry.subject.in_(subjects))
        .values(before={}, after={}, reason="")
    )
