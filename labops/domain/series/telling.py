"""What every act on a series leaves behind for the series itself, inside its transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from labops.domain.series.events import SeriesBooked, SeriesCancelled, SeriesMoved
from labops.domain.series.models import Series
from labops.kernel import audit, outbox
from labops.kernel.permissions import Actor


def conclude(
    session: Session,
    event: SeriesBooked | SeriesMoved | SeriesCancelled,
    actor: Actor,
    action: str,
    *,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Record the message and the audit entry; each booking has left its own already."""
    outbox.record(session, event, now=now)
    audit.record(
        session,
        actor,
        action,
        f"series:{event.series_uid}",
        now=now,
        before=before,
        after={**(after or {}), "numbers": list(event.numbers)},
        reason=reason,
    )


def told(series: Series) -> dict[str, Any]:
    """Return what an audit entry says of a series."""
    pattern = series.pattern
    return {
        "series": series.uid,
        "starts": pattern.starts.isoformat(),
        "minutes": series.length_minutes,
        "weeks": pattern.weeks,
        "zone": pattern.zone,
    }
