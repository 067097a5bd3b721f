"""A few facts about this installation that must never change, kept in the database."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from labops.kernel.db import remembered
from labops.kernel.orm import Base


class InstanceFact(Base):
    """One fact by name."""

    __tablename__ = "instance_fact"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


def instance_id(session: Session) -> str:
    """Return the random name of this installation, made by the first migration.

    Calendars know a booking by it, so it stays the same when the host name changes.
    """
    return _fact(session, "instance_id")


def feed_key(session: Session) -> str:
    """Return the secret from which strangers' calendars get other names for bookings."""
    return _fact(session, "feed_key")


def pass_key(session: Session) -> str:
    """Return the secret from which passes and the codes on screens are made."""
    return _fact(session, "pass_key")


def _fact(session: Session, name: str) -> str:
    return remembered(session, name, lambda: session.get_one(InstanceFact, name).value)
