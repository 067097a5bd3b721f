"""Bring a database to the schema this version needs, and say whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text

from labops.kernel.db import WRITING
from labops.kernel.orm import Base

# Two nodes that start together must not migrate together; any constant will do.
_MIGRATION_LOCK = 7_203_511


def scripts_folder() -> Path:
    """Return the folder of the migrations: inside an installed wheel, or beside a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def upgrade(engine: Engine, revision: str = "head") -> bool:
    """Migrate up; return whether anything had to be done."""
    with _locked(engine) as connection:
        before = _revision(connection)
        command.upgrade(_config(connection), revision)
        return before != _revision(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to a revision (`base` empties the database)."""
    with _locked(engine) as connection:
        command.downgrade(_config(connection), revision)


@contextmanager
def exclusively(engine: Engine) -> Iterator[Connection]:
    """Open a transaction for replacing what the database holds, tables included.

    Nobody migrates meanwhile. It is committed when nothing was raised and, on SQLite, when every
    row has what it refers to; otherwise everything stays as it was.
    """
    with _locked(engine) as connection:
        yield connection


def upgrade_in(connection: Connection, revision: str = "head") -> None:
    """Migrate up inside the caller's transaction."""
    command.upgrade(_config(connection), revision)


def known(revision: str) -> bool:
    """Say whether this version knows the revision."""
    config = Config()
    config.set_main_option("script_location", str(scripts_folder()))
    scripts = ScriptDirectory.from_config(config)
    return any(script.revision == revision for script in scripts.walk_revisions())


def head() -> str | None:
    """Return the newest revision this version knows."""
    config = Config()
    config.set_main_option("script_location", str(scripts_folder()))
    return ScriptDirectory.from_config(config).get_current_head()


def differences(engine: Engine) -> list[str]:
    """Return how the migrated schema differs from the models; empty when they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "render_as_batch": True}
        )
        return [repr(difference) for difference in compare_metadata(context, Base.metadata)]


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only one migrates in; it is committed when nothing was raised."""
    with engine.connect().execution_options(**WRITING[engine.dialect.name]) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            yield connection
            connection.commit()
            return
        with _without_foreign_keys(connection):
            yield connection
            broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
            if broken:
                raise CommandError(f"rows without what they refer to: {broken[:5]}")
            connection.commit()


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Let SQLite replace a table that others refer to, which is how it changes one.

    It listens to this only between transactions; whoever switches it off looks afterwards.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts_folder()))
    config.attributes["connection"] = connection
    return config
