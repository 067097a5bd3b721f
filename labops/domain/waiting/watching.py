"""How a run finds out cheaply whether there is anything to do for the waiting list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from labops.domain.waiting.models import Offer, WaitingWish
from labops.domain.waiting.states import OfferState, WishState
from labops.kernel.audit import AuditEntry
from labops.kernel.orm import table_of
from labops.kernel.prepared import Prepared

_wish = table_of(WaitingWish).c
_offer = table_of(Offer).c
_entry = table_of(AuditEntry).c
_waits = _wish.state == WishState.WAITING.value
_held = _offer.state == OfferState.HELD.value

# What is written most often and never lets anybody book who could not a moment before.
_FREES_NOTHING = (
    "booking.confirmed",
    "booking.requested",
    "booking.checked-in",
    "booking.kept",
    "offer.made",
    "offer.accepted",
)
# Entries are numbered before they are saved, so an older number may turn up after a newer one.
_SLACK = 200

# now: instant
_DUE = Prepared(
    select(
        exists().where(_held, _offer.answer_by <= bindparam("now")).label("offers"),
        exists().where(_waits, _wish.last_start_at <= bindparam("now")).label("wishes"),
        exists().where(_waits).label("waiting"),
    )
)
_NEWEST = Prepared(select(func.max(_entry.id)))
# since: int
_WRITTEN = Prepared(
    select(func.count())
    .select_from(table_of(AuditEntry))
    .where(_entry.id > bindparam("since"), *(_entry.action != name for name in _FREES_NOTHING))
)
_LINE = Prepared(select(_wish.id).where(_waits).order_by(_wish.created_at, _wish.id))


class Due(NamedTuple):
    """Whether offers and wishes have run out, and whether anybody waits."""

    offers: bool
    wishes: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class Look:
    """When the list was looked at, and how many entries there were beyond one of them.

    Every change leaves an audit entry, so as long as none was added nothing was freed.
    """

    minute: datetime
    since: int
    count: int


def due(session: Session, now: datetime) -> Due:
    """Return what there is to do, in one statement."""
    row = _DUE.row(session, {"now": now})
    return Due(bool(row.offers), bool(row.wishes), bool(row.waiting))


def look_again(session: Session, before: Look | None, now: datetime) -> Look | None:
    """Return what to remember of a look that is needed now; `None` while nothing is new."""
    minute = now.replace(second=0, microsecond=0)
    if (
        before is not None
        and before.minute == minute
        and _WRITTEN.scalar(session, {"since": before.since}) == before.count
    ):
        return None
    since = max(0, (_NEWEST.scalar(session, {}) or 0) - _SLACK)
    return Look(minute, since, _WRITTEN.scalar(session, {"since": since}))


def line(session: Session) -> list[int]:
    """Return the ids of all that wait, in their order."""
    return [row[0] for row in _LINE.rows(session, {})]


def unanswered(session: Session, now: datetime) -> list[str]:
    """Return the uids of held offers whose deadline has passed."""
    query = select(Offer.uid).where(_held, Offer.answer_by <= now).order_by(Offer.answer_by)
    return list(session.scalars(query))


def passed(session: Session, now: datetime) -> list[int]:
    """Return the ids of wishes for which no start fits any more."""
    query = select(WaitingWish.id).where(_waits, WaitingWish.last_start_at <= now)
    return list(session.scalars(query.order_by(WaitingWish.id)))
