"""Whether a database that was just loaded is whole: what its constraints cannot say."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.orm import Session

from labops.adapters.backups import ArchiveRefused
from labops.domain.tables import METADATA
from labops.kernel import guard
from labops.kernel.ledger import OwnerKind

_OWNERS = {
    OwnerKind.BOOKING: "booking",
    OwnerKind.MAINTENANCE: "maintenance_block",
    OwnerKind.OFFER: "offer",
}


def check_whole(session: Session) -> list[str]:
    """Return what was looked at and found right; raises `ArchiveRefused` for what is not."""
    connection = session.connection()
    _check_foreign_keys(connection)
    overlaps = connection.scalar(select(func.count()).select_from(_overlapping().subquery()))
    if overlaps:
        raise ArchiveRefused(f"{overlaps} claims on time overlap.")
    claim = METADATA.tables["allocation"]
    for kind, name in _OWNERS.items():
        owner = METADATA.tables[name]
        query = (
            select(func.count())
            .select_from(claim.outerjoin(owner, owner.c.id == claim.c.owner_id))
            .where(claim.c.owner_kind == kind.value, owner.c.id.is_(None))
        )
        if lost := connection.scalar(query):
            raise ArchiveRefused(f"{lost} claims on time are of no {kind.value}.")
    if missing := guard.missing(session):
        raise ArchiveRefused(f"The guard of the ledger of time is missing: {', '.join(missing)}.")
    _check_books(connection)
    return [
        "row counts",
        "references between rows",
        "the ledger of time and its guard",
        "the books of hours and euro",
    ]


def _check_books(connection: Connection) -> None:
    """Look whether every entry of the books sums to zero in each of its units."""
    posting = METADATA.tables["posting"].c
    odd = (
        select(posting.entry_uid)
        .group_by(posting.entry_uid, posting.unit)
        .having(func.sum(posting.amount) != 0)
    )
    if wrong := connection.scalar(select(func.count()).select_from(odd.subquery())):
        raise ArchiveRefused(f"{wrong} entries of the books do not balance.")


def _check_foreign_keys(connection: Connection) -> None:
    """Look at every reference on SQLite, which did not while loading; PostgreSQL does always."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            tables = ", ".join(sorted({str(row[0]) for row in broken}))
            raise ArchiveRefused(f"{len(broken)} rows refer to what is not there, in: {tables}.")


def _overlapping() -> Select[Any]:
    """Return the claims that begin before the claim before them on the same unit has ended."""
    claim = METADATA.tables["allocation"].c
    before = (
        func.max(claim.ends_at)
        .over(
            partition_by=(claim.bookable_id, claim.unit),
            order_by=(claim.starts_at, claim.id),
            rows=(None, -1),
        )
        .label("before")
    )
    spans = select(claim.id, claim.starts_at, claim.ends_at, before).subquery().c
    return select(spans.id).where(
        (spans.starts_at >= spans.ends_at) | (spans.before > spans.starts_at)
    )
