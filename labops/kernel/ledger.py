"""The ledger of time: why nobody is ever booked twice.

One row is one unit of one bookable, claimed for one half-open span. Bookings, maintenance and
inductions all claim their time here and nowhere else. The database refuses overlapping rows
(an exclusion constraint on PostgreSQL, triggers on SQLite; both live in the migrations), but
that guard is the backstop: eight processes inserting against the constraint alone deadlock for
seconds, so claimers first take one lock a bookable, in sorted order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from labops.kernel.db import is_sqlite
from labops.kernel.errors import Problem, Refused
from labops.kernel.interval import Interval
from labops.kernel.orm import Base, PrimaryKey, table_of
from labops.kernel.prepared import Prepared

# No single claim is longer (30 days, a day of set-up, a day of clean-up), so a search for what
# reaches into a span need look back no further.
LONGEST_CLAIM = timedelta(days=32)
GUARD_NAME = "allocation_no_overlap"


class _Guard:
    """Whether claimers lock and check again. Off only in race tests that prove the tests."""

    on = True


class OwnerKind(StrEnum):
    """What claims time."""

    BOOKING = "booking"
    MAINTENANCE = "maintenance"
    OFFER = "offer"
    INDUCTION = "induction"


class LockClass(StrEnum):
    """What can be locked; the value decides the order in which locks are taken."""

    PERSON = "1"
    BOOKABLE = "2"
    FIRM = "3"


class Allocation(Base):
    """One unit of one bookable, claimed for one span, buffers included."""

    __tablename__ = "allocation"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="ends_after_start"),
        CheckConstraint("unit >= 0", name="unit_counts_from_zero"),
        Index(None, "bookable_id", "unit", "starts_at"),
        Index(None, "bookable_id", "ends_at"),
        Index(None, "owner_id", "owner_kind"),
    )

    id: Mapped[PrimaryKey]
    bookable_id: Mapped[int] = mapped_column(ForeignKey("bookable.id"))
    unit: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    owner_kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[int]


_held = table_of(Allocation).c
_latest = (
    select(_held.ends_at)
    .where(
        _held.bookable_id == bindparam("bookable_id"),
        _held.unit == bindparam("unit"),
        _held.starts_at < bindparam("until"),
    )
    .order_by(_held.starts_at.desc())
    .limit(1)
)
_LATEST = Prepared(_latest)
_LATEST_OF_OTHERS = Prepared(
    _latest.where(
        (_held.owner_id != bindparam("owner_id")) | (_held.owner_kind != bindparam("owner_kind"))
    )
)
_ADD = Prepared(insert(table_of(Allocation)))
_LOCK = Prepared(
    text(
        "SELECT pg_advisory_xact_lock(k.class, k.id) "
        "FROM unnest(CAST(:classes AS int[]), CAST(:ids AS int[])) AS k(class, id)"
    )
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds claimed time: a booking, a maintenance block."""

    kind: OwnerKind
    id: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish for any one unit of a bookable during a span that includes its buffers."""

    bookable_id: int
    capacity: int
    span: Interval


def switch_guard(*, on: bool) -> None:
    """Turn locking and the second check on or off; the application sets it from its settings."""
    _Guard.on = on


def guard_is_on() -> bool:
    """Say whether what was decided by a plain read is checked again under the locks."""
    return _Guard.on


def lock(
    session: Session,
    *,
    people: Iterable[int] = (),
    bookables: Iterable[int] = (),
    firms: Iterable[int] = (),
) -> None:
    """Make everybody else who wants these people's or firms' quotas, or these bookables, wait.

    On SQLite the write transaction already is the lock. On PostgreSQL the locks are taken in
    sorted order, which is what keeps two claims of several machines from deadlocking.
    """
    if is_sqlite(session) or not _Guard.on:
        return
    keys = sorted(
        {(int(LockClass.PERSON), person) for person in people}
        | {(int(LockClass.BOOKABLE), bookable) for bookable in bookables}
        | {(int(LockClass.FIRM), firm) for firm in firms}
    )
    values = {"classes": [key[0] for key in keys], "ids": [key[1] for key in keys]}
    _LOCK.write(session, values)


def free_units(session: Session, claim: Claim, *, besides: Owner | None = None) -> Iterator[int]:
    """Yield the units of the bookable that nobody else holds during the span, lowest first.

    Rows of one unit never overlap, so only the last one that starts before the span's end can
    reach into it: one index seek a unit, however long the history.
    """
    values = {"bookable_id": claim.bookable_id, "until": claim.span.ends_at}
    for unit in range(claim.capacity):
        if besides is None:
            latest = _LATEST.scalar(session, values | {"unit": unit})
        else:
            owned = {"owner_id": besides.id, "owner_kind": str(besides.kind)}
            latest = _LATEST_OF_OTHERS.scalar(session, values | {"unit": unit} | owned)
        if latest is None or latest <= claim.span.starts_at:
            yield unit


def has_free_unit(session: Session, claim: Claim, *, besides: Owner | None = None) -> bool:
    """Say whether the claim could be granted now, by a plain read."""
    return next(free_units(session, claim, besides=besides), None) is not None


def grant(session: Session, owner: Owner, claims: Sequence[Claim], *, moving: bool = False) -> None:
    """Give the owner these claims: all or none; when `moving`, in place of what it held.

    The caller has taken `lock` on every bookable, old and new. Raises `Refused` with
    `booking.overlap` for each bookable that has no unit left.
    """
    units = [next(free_units(session, claim, besides=owner), None) for claim in claims]
    taken = [claim for claim, unit in zip(claims, units, strict=True) if unit is None]
    if taken and _Guard.on:
        raise Refused(Problem("booking.overlap", {"bookable_id": c.bookable_id}) for c in taken)
    if moving:
        release(session, owner)
    for claim, unit in zip(claims, units, strict=True):
        _ADD.write(
            session,
            {
                "bookable_id": claim.bookable_id,
                "unit": unit or 0,
                "starts_at": claim.span.starts_at,
                "ends_at": claim.span.ends_at,
                "owner_kind": owner.kind.value,
                "owner_id": owner.id,
            },
        )


def release(session: Session, owner: Owner) -> None:
    """Give back all the owner's time."""
    session.execute(delete(Allocation).where(*_owned_by(owner)))


def shorten(session: Session, owner: Owner, bookable_id: int, *, until: datetime) -> None:
    """Give back the owner's time on the bookable from that instant on."""
    owned = (*_owned_by(owner), Allocation.bookable_id == bookable_id)
    session.execute(delete(Allocation).where(*owned, Allocation.starts_at >= until))
    session.execute(
        update(Allocation).where(*owned, Allocation.ends_at > until).values(ends_at=until)
    )


def busy(
    session: Session, bookable_ids: Sequence[int], window: Interval
) -> dict[int, list[Interval]]:
    """Return the claimed spans of each bookable that reach into the window, by start."""
    rows = session.execute(
        select(Allocation.bookable_id, Allocation.starts_at, Allocation.ends_at)
        .where(Allocation.bookable_id.in_(bookable_ids), *reaching_into(window))
        .order_by(Allocation.starts_at)
    )
    spans: dict[int, list[Interval]] = {bookable_id: [] for bookable_id in bookable_ids}
    for bookable_id, starts_at, ends_at in rows:
        spans[bookable_id].append(Interval(starts_at, ends_at))
    return spans


def reaching_into(window: Interval) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for rows that share time with the window, kind to the index."""
    return (
        Allocation.ends_at > window.starts_at,
        Allocation.ends_at <= window.ends_at + LONGEST_CLAIM,
        Allocation.starts_at < window.ends_at,
    )


@contextmanager
def refusing_overlaps() -> Iterator[None]:
    """Turn the database's own refusal of an overlap into the refusal people know."""
    try:
        yield
    except DBAPIError as error:
        if _is_overlap(error):
            raise Refused([Problem("booking.overlap")]) from error
        raise


def _is_overlap(error: DBAPIError) -> bool:
    if isinstance(error, IntegrityError) and GUARD_NAME in str(error.orig):
        return True
    return getattr(error.orig, "sqlstate", "") in {"23P01", "40P01"}


def _owned_by(owner: Owner) -> tuple[ColumnElement[bool], ...]:
    return (Allocation.owner_id == owner.id, Allocation.owner_kind == str(owner.kind))
