"""Reads of closures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from labops.domain.closures.models import Closure
from labops.domain.sites.queries import weekly_hours
from labops.kernel.interval import Interval, without
from labops.kernel.orm import table_of
from labops.kernel.prepared import Prepared

_closure = table_of(Closure).c
_DURING = Prepared(
    select(_closure.id, _closure.space_id, _closure.starts_at, _closure.ends_at, _closure.reason)
    .where(
        _closure.site_id == bindparam("site_id"),
        _closure.ends_at > bindparam("since"),
        _closure.starts_at < bindparam("until"),
    )
    .order_by(_closure.starts_at)
)


@dataclass(frozen=True, slots=True)
class ClosureView:
    """When a site, or one of its spaces, is shut, and why."""

    id: int
    space_id: int | None
    starts_at: datetime
    ends_at: datetime
    reason: str


def during(
    session: Session, site_id: int, window: Interval, *, space_ids: Sequence[int] = ()
) -> list[ClosureView]:
    """Return the closures of the site, or of these spaces in it, that reach into the window."""
    values = {"site_id": site_id, "since": window.starts_at, "until": window.ends_at}
    found = (ClosureView(*row) for row in _DURING.rows(session, values))
    return [shut for shut in found if shut.space_id is None or shut.space_id in space_ids]


def coming(session: Session, site_id: int, *, now: datetime) -> list[Closure]:
    """Return the closures of the site and its spaces that are not over."""
    return list(
        session.scalars(
            select(Closure)
            .where(Closure.site_id == site_id, Closure.ends_at > now)
            .order_by(Closure.starts_at)
        )
    )


def one(session: Session, site_id: int, closure_id: int) -> Closure | None:
    """Return a closure of the site."""
    return session.scalar(
        select(Closure).where(Closure.id == closure_id, Closure.site_id == site_id)
    )


def open_during(
    session: Session,
    site_id: int,
    window: Interval,
    *,
    revision: int,
    zone: ZoneInfo,
    space_id: int | None = None,
) -> tuple[Interval, ...]:
    """Return when one can be at the site (in the space) in the window, in spans kept whole."""
    opening = weekly_hours(session, site_id, revision).open_during(window, zone)
    if not opening:
        return ()
    around = Interval(min(window.starts_at, opening[0].starts_at), opening[-1].ends_at)
    shut = during(session, site_id, around, space_ids=[space_id] if space_id else [])
    spans = without(opening, (Interval(c.starts_at, c.ends_at) for c in shut))
    return tuple(span for span in spans if span.overlaps(window))
