"""Keeping the texts of bookings, and dropping what nobody can use any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking
from labops.domain.calendars.contents import AT_ONCE, window
from labops.domain.calendars.models import FeedFragment
from labops.domain.calendars.selecting import Variant
from labops.domain.people.models import Person
from labops.kernel.db import is_sqlite, reading, unit_of_work
from labops.kernel.orm import table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """The text of one booking and what it was made of; see `FeedFragment`."""

    booking_id: int
    variant: str
    language: str
    sequence: int
    revised_at: datetime
    stamp: str
    person_name: str
    body: str


def keep(fragments: Sequence[Fragment]) -> None:
    """Keep the texts, in place of older ones; a few hundred a transaction, so that writers get in.

    Two processes that keep the same ones at once agree, and never wait for one another in a
    circle: rows are written in one order.
    """
    ordered = sorted(fragments, key=lambda one: (one.booking_id, one.variant, one.language))
    for start in range(0, len(ordered), AT_ONCE):
        rows = [asdict(fragment) for fragment in ordered[start : start + AT_ONCE]]
        with unit_of_work() as session:
            session.execute(_upsert(session), rows)


def forget_stale(*, now: datetime, dry_run: bool = False) -> int:
    """Drop texts that no feed can show any more; return how many.

    Those of bookings that lie behind every feed's window or have changed since, and those with
    a name that its owner no longer has.
    """
    table = table_of(FeedFragment)
    still_good = exists().where(
        Booking.id == table.c.booking_id,
        Person.id == Booking.person_id,
        Booking.ends_at > window(now).starts_at,
        Booking.sequence == table.c.sequence,
        Booking.revised_at == table.c.revised_at,
        or_(
            table.c.variant != Variant.NAMED.value,
            table.c.person_name == Person.name,
        ),
    )
    stale = and_(~still_good)
    count = reading().scalar(select(func.count()).select_from(table).where(stale)) or 0
    if count and not dry_run:
        with unit_of_work() as session:
            session.execute(delete(table).where(stale))
    return count


def _upsert(session: Session) -> Any:
    table = table_of(FeedFragment)
    insert: Any = sqlite.insert if is_sqlite(session) else postgresql.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    told = {
        column.name: statement.excluded[column.name]
        for column in table.c
        if column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=told)
