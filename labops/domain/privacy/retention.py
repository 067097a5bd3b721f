"""How long things are kept, and what becomes of them then.

The defaults follow what municipal makerspaces need: two years to settle who used what, a month for
where somebody was signed in. An installation may decide otherwise within limits. Certifications,
signatures and accounts of money are not in here: safety and accounting law want them kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking, HandOver
from labops.domain.bookings.states import OPEN_STATES
from labops.domain.notifications.models import Invited
from labops.domain.people.models import ApiToken, Person
from labops.domain.privacy.models import Look, RetentionPeriod
from labops.domain.privacy.purposes import NOBODY_UID
from labops.domain.strikes.models import Strike
from labops.domain.visits import keeping as visits
from labops.kernel.audit import AuditEntry
from labops.kernel.db import reading, unit_of_work

BATCH_COUNT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One kind of thing: days by default, the least and the most that may be chosen.

    `count` says how many are too old; `forget` lets go of at most a batch and says how many.
    """

    days: int
    least: int
    most: int
    count: Callable[[Session, datetime], int]
    forget: Callable[[Session, datetime], int]


def periods(session: Session) -> dict[str, int]:
    """Return for how many days each kind is kept here."""
    chosen = {row.kind: row.days for row in session.scalars(select(RetentionPeriod))}
    return {name: chosen.get(name, kind.days) for name, kind in KINDS.items()}


def enforce(*, now: datetime, dry_run: bool = False) -> dict[str, int]:
    """Let go of whatever is too old, in transactions of at most a batch; return how many of each.

    Run again it finds nothing; stopped in the middle it goes on where it was.
    """
    days = periods(reading())
    found: dict[str, int] = {}
    for name, kind in KINDS.items():
        before = now - timedelta(days=days[name])
        if dry_run:
            found[name] = kind.count(reading(), before)
            continue
        found[name] = 0
        while True:
            with unit_of_work() as session:
                count = kind.forget(session, before)
            found[name] += count
            if count < BATCH_COUNT:
                break
    return found


def _old_bookings(before: datetime) -> tuple[ColumnElement[bool], ...]:
    nobody = select(Person.id).where(Person.uid == NOBODY_UID).scalar_subquery()
    return (
        Booking.ends_at < before,
        Booking.state.not_in([state.value for state in OPEN_STATES]),
        Booking.person_id != func.coalesce(nobody, 0),
    )


def _count_bookings(session: Session, before: datetime) -> int:
    query = select(func.count()).select_from(Booking).where(*_old_bookings(before))
    return session.scalar(query) or 0


def _forget_bookings(session: Session, before: datetime) -> int:
    """Cut old bookings off from their people: when which machine was used stays for statistics."""
    ids = list(
        session.scalars(
            select(Booking.id).where(*_old_bookings(before)).order_by(Booking.id).limit(BATCH_COUNT)
        )
    )
    if ids:
        for model in (Strike, HandOver, Invited):
            session.execute(delete(model).where(model.booking_id.in_(ids)))
        session.execute(
            update(Booking)
            .where(Booking.id.in_(ids))
            .values(
                person_id=_nobody(session, before),
                series_id=None,
                note="",
                fields={},
                override_reason="",
                decision_reason="",
            )
        )
    return len(ids)


def _nobody(session: Session, before: datetime) -> int:
    person = session.scalar(select(Person).where(Person.uid == NOBODY_UID))
    if person is None:
        person = Person(uid=NOBODY_UID, name="–", created_at=before)
        session.add(person)
        session.flush()
    return person.id


def _old_entries(before: datetime) -> ColumnElement[bool]:
    named = or_(AuditEntry.person_id.is_not(None), AuditEntry.actor.startswith("person:"))
    return (AuditEntry.at < before) & named


def _count_entries(session: Session, before: datetime) -> int:
    return session.scalar(select(func.count(AuditEntry.id)).where(_old_entries(before))) or 0


def _forget_entries(session: Session, before: datetime) -> int:
    """Leave in the audit what happened when, without who did it and what was written."""
    ids = list(
        session.scalars(select(AuditEntry.id).where(_old_entries(before)).limit(BATCH_COUNT))
    )
    if ids:
        session.execute(
            update(AuditEntry)
            .where(AuditEntry.id.in_(ids))
            .values(person_id=None, actor="somebody", before={}, after={}, reason="")
        )
    return len(ids)


def _counting(
    model: type[Look | ApiToken], old: Callable[[datetime], ColumnElement[bool]]
) -> Callable[[Session, datetime], int]:
    def count(session: Session, before: datetime) -> int:
        return session.scalar(select(func.count(model.id)).where(old(before))) or 0

    return count


def _deleting(
    model: type[Look | ApiToken], old: Callable[[datetime], ColumnElement[bool]]
) -> Callable[[Session, datetime], int]:
    def forget(session: Session, before: datetime) -> int:
        ids = list(session.scalars(select(model.id).where(old(before)).limit(BATCH_COUNT)))
        if ids:
            session.execute(delete(model).where(model.id.in_(ids)))
        return len(ids)

    return forget


def _old_look(before: datetime) -> ColumnElement[bool]:
    return Look.looked_at < before


def _old_token(before: datetime) -> ColumnElement[bool]:
    return or_(ApiToken.revoked_at < before, ApiToken.expires_at < before)


KINDS: Mapping[str, Kept] = {
    "bookings": Kept(days=730, least=90, most=3650, count=_count_bookings, forget=_forget_bookings),
    "audit": Kept(days=730, least=180, most=3650, count=_count_entries, forget=_forget_entries),
    "looks": Kept(
        days=730,
        least=180,
        most=3650,
        count=_counting(Look, _old_look),
        forget=_deleting(Look, _old_look),
    ),
    "tokens": Kept(
        days=365,
        least=30,
        most=3650,
        count=_counting(ApiToken, _old_token),
        forget=_deleting(ApiToken, _old_token),
    ),
    "visits": Kept(days=365, least=30, most=3650, count=visits.count_old, forget=visits.forget_old),
    "evacuations": Kept(
        days=30, least=7, most=365, count=visits.count_names, forget=visits.forget_names
    ),
}
