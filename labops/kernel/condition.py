"""The condition of the database: reachable, migrated, guarded, and set up as this program needs."""

from __future__ import annotations

from alembic.util import CommandError
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from labops.kernel import guard, migrations
from labops.kernel.db import is_sqlite


class DatabaseUnusable(Exception):
    """The database cannot be used as it is; the message says why, without passwords."""


def migrate_if_needed(engine: Engine) -> bool:
    """Migrate to the newest schema; return whether anything had to be done.

    Raises `DatabaseUnusable` when it cannot be reached, or was migrated by a newer version.
    """
    try:
        return not migrations.is_current(engine) and migrations.upgrade(engine)
    except OperationalError as error:
        raise DatabaseUnusable(f"database_url: cannot be reached: {_reason(error)}") from error
    except CommandError as error:
        raise DatabaseUnusable(f"The database cannot be migrated: {error}") from error


def name_of(session: Session) -> str:
    """Return the engine's name and version; raises `DatabaseUnusable` when it does not answer."""
    wanted = "SELECT sqlite_version()" if is_sqlite(session) else "SHOW server_version"
    try:
        version = session.scalar(text(wanted))
    except SQLAlchemyError as error:
        raise DatabaseUnusable(_reason(error)) from error
    return f"{'SQLite' if is_sqlite(session) else 'PostgreSQL'} {version}"


def schema_trouble(session: Session) -> str | None:
    """Return what is wrong with the schema, or `None`."""
    try:
        if migrations.is_current(session.get_bind()):  # type: ignore[arg-type]
            return None
    except SQLAlchemyError as error:
        raise DatabaseUnusable(_reason(error)) from error
    return "is not the one this version needs"


def guard_trouble(session: Session) -> str | None:
    """Return which guards against overlapping claims are missing, or `None`."""
    try:
        missing = guard.missing(session)
    except SQLAlchemyError as error:
        raise DatabaseUnusable(_reason(error)) from error
    return f"missing: {', '.join(missing)}" if missing else None


def set_up_trouble(session: Session) -> str | None:
    """Return which of the engine's own settings is not as it must be, or `None`."""
    try:
        if not is_sqlite(session):
            zone = session.scalar(text("SHOW timezone"))
            return None if str(zone).upper() == "UTC" else f"its sessions are in {zone}, not UTC"
        if str(session.scalar(text("PRAGMA journal_mode"))).lower() != "wal":
            return "it is not in WAL mode: readers and the writer block one another"
        if not session.scalar(text("PRAGMA foreign_keys")):
            return "foreign keys are off"
    except SQLAlchemyError as error:
        raise DatabaseUnusable(_reason(error)) from error
    return None


def _reason(error: SQLAlchemyError) -> str:
    """Return the driver's own first line; the rest repeats the statement and its parameters."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
