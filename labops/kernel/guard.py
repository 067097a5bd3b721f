"""Whether the database's own guard against overlapping claims is in place."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from labops.kernel.db import is_sqlite
from labops.kernel.ledger import GUARD_NAME


def missing(session: Session) -> list[str]:
    """Return the names of missing triggers or constraints; empty when all stand."""
    if is_sqlite(session):
        wanted = {f"{GUARD_NAME}_INSERT", f"{GUARD_NAME}_UPDATE"}
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        wanted = {GUARD_NAME}
        query = "SELECT conname FROM pg_constraint WHERE contype = 'x'"
    return sorted(wanted - set(session.scalars(text(query))))
