"""Everything that is held about one person, read from whatever tables there are.

A table belongs in here as soon as it refers to a person: nobody has to remember to add it. What
refers to her as the one who acted (who granted, who decided) is about somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, or_, select
from sqlalchemy.orm import Session

from labops.domain.people.models import Account, Person
from labops.kernel.audit import AuditEntry
from labops.kernel.orm import Base, table_of

# What shows that somebody knows a secret, kept as a digest: of no use to anybody, best not shown.
SECRET_ENDINGS = ("_digest", "_hash", "_secret")
# Who acted on what is about somebody else.
ACTING_ENDINGS = ("_by_id", "looker_id")
_person = table_of(Person)
_account = table_of(Account)
_audit = table_of(AuditEntry)


def held(session: Session, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return every row about the person by table, without secrets and without other people.

    Values are as the database has them; instants are aware. Audit entries are those of what she
    did and of what was done to her.
    """
    uid = session.scalar(select(Person.uid).where(Person.id == person_id))
    found: dict[str, list[dict[str, Any]]] = {}
    for table in tables_about_people():
        rows = session.execute(
            select(*_shown(table)).where(_about(table, person_id, uid)).order_by(*table.primary_key)
        )
        if kept := [dict(row._mapping) for row in rows]:
            found[table.name] = kept
    for entry in found.get(_audit.name, []):
        if entry["subject"] != f"person:{uid}":
            # What she wrote about others is theirs; that she wrote it is hers.
            del entry["before"], entry["after"], entry["reason"]
    return found


def tables_about_people() -> Iterator[Table]:
    """Yield the person's own table and every one that says something about a person."""
    for table in Base.metadata.sorted_tables:
        if table is _person or _subjects(table) or _through_account(table) is not None:
            yield table


def _about(table: Table, person_id: int, uid: str | None) -> ColumnElement[bool]:
    if table is _person:
        return table.c.id == person_id
    if table is _audit:
        return or_(table.c.person_id == person_id, table.c.subject == f"person:{uid}")
    account = _through_account(table)
    if account is not None:
        owned = select(_account.c.id).where(_account.c.person_id == person_id)
        return account.in_(owned)
    return or_(*(column == person_id for column in _subjects(table)))


def _subjects(table: Table) -> list[Column[Any]]:
    """Return the columns that say whom a row is about."""
    return [
        column
        for column in table.columns
        if _refers_to(column, _person) and not column.name.endswith(ACTING_ENDINGS)
    ]


def _through_account(table: Table) -> Column[Any] | None:
    return next((column for column in table.columns if _refers_to(column, _account)), None)


def _shown(table: Table) -> list[Column[Any]]:
    """Return the columns to show: no secrets, and no numbers of people."""
    return [
        column
        for column in table.columns
        if not column.name.endswith(SECRET_ENDINGS) and not _refers_to(column, _person)
    ]


def _refers_to(column: Column[Any], table: Table) -> bool:
    return any(key.column.table is table for key in column.foreign_keys)
