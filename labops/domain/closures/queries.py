"""Reads of closures."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from labops.domain.closures.models import Closure
from labops.kernel.interval import Interval

# Every booking asks this: built once, because building it anew costs more than its run.
_DURING = (
    select(Closure)
    .where(
        Closure.site_id == bindparam("site_id"),
        Closure.ends_at > bindparam("since"),
        Closure.starts_at < bindparam("until"),
        or_(
            Closure.space_id.is_(None),
            Closure.space_id.in_(bindparam("space_ids", expanding=True)),
        ),
    )
    .order_by(Closure.starts_at)
)


def during(
    session: Session, site_id: int, window: Interval, *, space_ids: Sequence[int] = ()
) -> list[Closure]:
    """Return the closures of the site, or of these spaces in it, that reach into the window."""
    values = {
        "site_id": site_id,
        "since": window.starts_at,
        "until": window.ends_at,
        "space_ids": list(space_ids),
    }
    return list(session.scalars(_DURING, values))
