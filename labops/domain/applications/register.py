"""The register's numbers: year and number, without a gap whatever happens at the same time."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from labops.domain.applications.models import ProtocolCounter
from labops.kernel.db import is_sqlite


def next_number(session: Session, year: int) -> int:
    """Take the next number of the year inside the caller's transaction.

    Whoever takes one at the same time waits until that transaction ends; when it fails, the number
    goes to the next.
    """
    insert_of = sqlite.insert if is_sqlite(session) else postgresql.insert
    query = insert_of(ProtocolCounter).values(year=year, last_number=1)
    query = query.on_conflict_do_update(
        index_elements=["year"], set_={"last_number": ProtocolCounter.last_number + 1}
    )
    taken: int = session.execute(query.returning(ProtocolCounter.last_number)).scalar_one()
    return taken
