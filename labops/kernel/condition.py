"""The condition of the database: reachable, migrated, guarded, and set up as this program needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from labops.kernel import guard, schema
from labops.kernel.db import is_sqlite

Answer = TypeVar("Answer")


class DatabaseUnusable(Exception):
    """The database cannot be used as it is; the message says why, without passwords."""


def migrate_if_needed(engine: Engine) -> bool:
    """Migrate to the newest schema; return whether anything had to be done.

    Raises `DatabaseUnusable` when it cannot be reached, or was migrated by a newer version.
    """
    try:
        return not schema.is_current(engine) and _migrate(engine)
    except OperationalError as error:
        raise DatabaseUnusable(f"database_url: cannot be reached: {_reason(error)}") from error


def answer(ask: Callable[[], Answer]) -> Answer:
    """Return what `ask` reads; raises `DatabaseUnusable` when the database cannot say."""
    try:
        return ask()
    except SQLAlchemyError as error:
        raise DatabaseUnusable(_reason(error)) from error


def name_of(session: Session) -> str:
    """Return the engine's name and version; raises `DatabaseUnusable` like all that follow."""
    if is_sqlite(session):
        return f"SQLite {_value(session, 'SELECT sqlite_version()')}"
    return f"PostgreSQL {_value(session, 'SHOW server_version')}"


def time_there(session: Session, *, default: datetime) -> datetime:
    """Return what time it is for the database; SQLite has no clock of its own."""
    if is_sqlite(session):
        return default
    there: datetime = _value(session, "SELECT clock_timestamp()")
    return there


def schema_trouble(session: Session) -> str | None:
    """Return what is wrong with the schema, or `None`."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)  # noqa: S101 - for the type checker
    current = answer(lambda: schema.is_current(engine))
    return None if current else "is not the one this version needs"


def guard_trouble(session: Session) -> str | None:
    """Return which guards against overlapping claims are missing, or `None`."""
    missing = answer(lambda: guard.missing(session))
    return f"missing: {', '.join(missing)}" if missing else None


def set_up_trouble(session: Session) -> str | None:
    """Return which of the engine's own settings is not as it must be, or `None`."""
    if not is_sqlite(session):
        zone = str(_value(session, "SHOW timezone"))
        return None if zone.upper() == "UTC" else f"its sessions are in {zone}, not UTC"
    if str(_value(session, "PRAGMA journal_mode")).lower() != "wal":
        return "it is not in WAL mode: readers and the writer block one another"
    if not _value(session, "PRAGMA foreign_keys"):
        return "foreign keys are off"
    return None


def _migrate(engine: Engine) -> bool:
    from alembic.util import CommandError  # noqa: PLC0415 - only who migrates keeps it in memory

    from labops.kernel import migrations  # noqa: PLC0415

    try:
        return migrations.upgrade(engine)
    except CommandError as error:
        raise DatabaseUnusable(f"The database cannot be migrated: {error}") from error


def _value(session: Session, statement: str) -> Any:
    return answer(lambda: session.scalar(text(statement)))


def _reason(error: SQLAlchemyError) -> str:
    """Return the driver's own first line; the rest repeats the statement and its parameters."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
