"""Reads of closures."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from labops.domain.closures.models import Closure
from labops.kernel.interval import Interval


def during(
    session: Session, site_id: int, window: Interval, *, space_ids: Sequence[int] = ()
) -> list[Closure]:
    """Return the closures of the site, or of these spaces in it, that reach into the window."""
    return list(
        session.scalars(
            select(Closure)
            .where(
                Closure.site_id == site_id,
                Closure.ends_at > window.starts_at,
                Closure.starts_at < window.ends_at,
                or_(Closure.space_id.is_(None), Closure.space_id.in_(space_ids)),
            )
            .order_by(Closure.starts_at)
        )
    )
