"""Bring a database to the schema this version needs, and say whether it is there."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
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
        connection.commit()
        return before != _revision(connection)


def downgrade(engine: Engine, revision: str) -> None:
    """Migrate down to a revision (`base` empties the database)."""
    with _locked(engine) as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


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


def _locked(engine: Engine) -> Connection:
    connection = engine.connect().execution_options(**WRITING[engine.dialect.name])
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    return connection


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts_folder()))
    config.attributes["connection"] = connection
    return config
