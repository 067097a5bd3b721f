"""Claims on whole bookables in the ledger, and reading who holds what there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from labops.kernel import ledger
from labops.kernel.errors import Problem, Refused
from labops.kernel.interval import Interval
from labops.kernel.ledger import Allocation, Claim, Owner, OwnerKind
from labops.kernel.orm import table_of

# A longer span is written as several rows, so that searches still look back no further.
LONGEST_PIECE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Held:
    """Time that was granted: which unit of which bookable, when, to whom."""

    bookable_id: int
    unit: int
    span: Interval
    owner: Owner


def held(session: Session, bookable_ids: Sequence[int], window: Interval) -> list[Held]:
    """Return everything on these bookables that reaches into the window, by start."""
    rows = session.execute(
        select(
            Allocation.bookable_id,
            Allocation.unit,
            Allocation.starts_at,
            Allocation.ends_at,
            Allocation.owner_kind,
            Allocation.owner_id,
        )
        .where(Allocation.bookable_id.in_(bookable_ids), *ledger.reaching_into(window))
        .order_by(Allocation.starts_at, Allocation.id)
    )
    return [
        Held(bookable_id, unit, Interval(starts_at, ends_at), Owner(OwnerKind(kind), owner_id))
        for bookable_id, unit, starts_at, ends_at, kind, owner_id in rows
    ]


def grant_whole(
    session: Session, owner: Owner, claims: Sequence[Claim], *, moving: bool = False
) -> None:
    """Give the owner every unit of these bookables, or nothing; when `moving`, for what it held.

    The caller has taken `ledger.lock` on every bookable, old and new. Raises `Refused` with
    `booking.overlap` for each bookable of which somebody else holds a unit meanwhile.
    """
    taken = [
        claim
        for claim in claims
        if sum(1 for _unit in ledger.free_units(session, claim, besides=owner)) < claim.capacity
    ]
    if taken and ledger.guard_is_on():
        raise Refused(Problem("booking.overlap", {"bookable_id": c.bookable_id}) for c in taken)
    if moving:
        ledger.release(session, owner)
    rows = [
        {
            "bookable_id": claim.bookable_id,
            "unit": unit,
            "starts_at": piece.starts_at,
            "ends_at": piece.ends_at,
            "owner_kind": owner.kind.value,
            "owner_id": owner.id,
        }
        for claim in claims
        for unit in range(claim.capacity)
        for piece in _pieces(claim.span)
    ]
    session.execute(insert(table_of(Allocation)), rows)


def _pieces(span: Interval) -> Iterator[Interval]:
    start = span.starts_at
    while start < span.ends_at:
        end = min(start + LONGEST_PIECE, span.ends_at)
        yield Interval(start, end)
        start = end
