"""How many bookings there were, for those who watch over the installation."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from labops.domain.bookings.models import Booking


def made_count(session: Session) -> int:
    """Return about how many bookings were ever made, in one index seek however many there are.

    It is the highest number given out. Bookings are never deleted, but an attempt that was
    rolled back at the last moment may leave a gap on PostgreSQL.
    """
    return session.scalar(select(func.max(Booking.id))) or 0
