"""The line of those who wait: who comes before whom, and for which machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from labops.domain.machines.models import Machine, MachineType
from labops.domain.spaces.models import Bookable
from labops.domain.waiting.models import OfferBookable, WaitingWish, WaitingWishBookable
from labops.domain.waiting.states import WishState

# Id, slug and name of machines, by the id of their wish or offer.
Named = dict[int, list[tuple[int, str, str]]]


def places(session: Session, wishes: Sequence[WaitingWish]) -> dict[int, int]:
    """Return the place in line of each wish that waits: one more than those it may lose to.

    These joined earlier, for a window that shares time, on a machine that would do for both.
    """
    waiting = [wish for wish in wishes if wish.state == WishState.WAITING]
    if not waiting:
        return {}
    rivals = session.scalars(
        select(WaitingWish)
        .where(
            WaitingWish.state == WishState.WAITING.value,
            WaitingWish.site_id.in_(sorted({wish.site_id for wish in waiting})),
        )
        .order_by(WaitingWish.created_at, WaitingWish.id)
    ).all()
    would_do = _machines_that_would_do(session, rivals)
    found = {}
    for wish in waiting:
        before = rivals[: rivals.index(wish)]
        found[wish.id] = 1 + sum(
            other.window.overlaps(wish.window) and bool(would_do[other.id] & would_do[wish.id])
            for other in before
        )
    return found


def _machines_that_would_do(
    session: Session, wishes: Sequence[WaitingWish]
) -> dict[int, frozenset[int]]:
    named = machines_of_wishes(session, [wish.id for wish in wishes])
    kinds = session.execute(
        select(Machine.id, Machine.site_id, Machine.process, MachineType.slug)
        .join(MachineType, MachineType.id == Machine.machine_type_id)
        .where(Machine.site_id.in_(sorted({wish.site_id for wish in wishes})))
    ).all()
    return {
        wish.id: frozenset(
            [machine_id for machine_id, _slug, _name in named[wish.id]]
            if wish.id in named
            else [
                machine_id
                for machine_id, site_id, process, category in kinds
                if site_id == wish.site_id
                and wish.category in {"", category}
                and wish.process in {"", process}
            ]
        )
        for wish in wishes
    }


def machines_of_wishes(session: Session, wish_ids: Sequence[int]) -> Named:
    """Return the machines that each wish names, by its id; none for any of a kind."""
    return _machines(
        session, WaitingWishBookable.wish_id, WaitingWishBookable.bookable_id, wish_ids
    )


def machines_of_offers(session: Session, offer_ids: Sequence[int]) -> Named:
    """Return the machines of each offer, by its id."""
    return _machines(session, OfferBookable.offer_id, OfferBookable.bookable_id, offer_ids)


def _machines(session: Session, owner: Any, bookable: Any, ids: Sequence[int]) -> Named:
    rows = session.execute(
        select(owner, Bookable.id, Bookable.slug, Bookable.name)
        .join(Bookable, Bookable.id == bookable)
        .where(owner.in_(list(ids)))
        .order_by(Bookable.id)
    )
    found: Named = {}
    for owner_id, bookable_id, slug, name in rows:
        found.setdefault(owner_id, []).append((bookable_id, slug, name))
    return found
