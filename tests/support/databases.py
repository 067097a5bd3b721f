"""Databases of PostgreSQL for tests: emptied and filled again instead of copied.

Copying a database takes a fifth of a second, more than most tests do. So one that a test is done
with gets back the rows that it had at first, unless the test changed more than rows.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, text

# What a test must have left as it was: the names and the definitions of all that is not a row.
_SHAPE = """
SELECT md5(string_agg(what, ' ' ORDER BY what)) FROM (
    SELECT concat('column ', relname, attname, atttypid, attnotnull) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0
    UNION ALL SELECT concat('constraint ', oid, conname, convalidated) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT concat('trigger ', oid, tgname, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat('function ', oid, prosrc) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
) AS parts(what)
"""
_LEAVE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"


class Databases:
    """The databases of one server: templates, and copies of them that tests borrow."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._admin = create_engine(server.format("postgres"), isolation_level="AUTOCOMMIT")
        self._idle: dict[str, list[str]] = defaultdict(list)
        self._shapes: dict[str, str] = {}
        self._refills: dict[str, str] = {}

    def address(self, name: str) -> str:
        """Return where SQLAlchemy finds the database."""
        return self._server.format(name)

    def create(self, name: str, *, like: str = "template1") -> str:
        """Make a database and return its address."""
        with self._admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {like}"))
        return self.address(name)

    def remember(self, template: str) -> None:
        """Keep the rows of a template inside it, so that its copies can be filled again."""
        with self._connected(template) as connection:
            tables = connection.scalars(text(_TABLES)).all()
            filled = [one for one in tables if _has_rows(connection, one)]
            connection.execute(text("DROP SCHEMA IF EXISTS kept CASCADE"))  # of what it is a copy
            connection.execute(text("CREATE SCHEMA kept"))
            for table in filled:
                connection.execute(text(f"CREATE TABLE kept.{table} AS TABLE public.{table}"))
            self._shapes[template] = connection.scalar(text(_SHAPE)) or ""
            self._refills[template] = _refill(tables, filled, connection)

    @contextmanager
    def borrowed(self, template: str) -> Iterator[str]:
        """Lend a database as the template is; raises nothing if the test has ruined it."""
        idle = self._idle[template]
        name = idle.pop() if idle else f"t{uuid.uuid4().hex}"
        if name not in self._shapes:
            self.create(name, like=template)
            self._shapes[name] = self._shapes[template]
        yield self.address(name)
        if self._restore(name, template):
            idle.append(name)
        else:
            with self._admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def close(self) -> None:
        """Let go of the server."""
        self._admin.dispose()

    def _restore(self, name: str, template: str) -> bool:
        """Give the database its first rows again; `False` when more than rows is different."""
        with self._connected(name) as connection:
            connection.execute(text(_LEAVE))
            if connection.scalar(text(_SHAPE)) != self._shapes[template]:
                return False
            connection.exec_driver_sql(self._refills[template])
            return True

    @contextmanager
    def _connected(self, name: str) -> Iterator[Connection]:
        engine: Engine = create_engine(self.address(name), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def _has_rows(connection: Connection, table: str) -> bool:
    return bool(connection.scalar(text(f"SELECT EXISTS (SELECT 1 FROM {table})")))  # noqa: S608


def _refill(tables: Sequence[str], filled: Sequence[str], connection: Connection) -> str:
    """Return what empties all tables, whatever refers to whatever, and fills them again."""
    sequences = connection.execute(text(_SEQUENCES)).all()
    return ";".join(
        [
            "SET session_replication_role = replica",
            *(f"DELETE FROM {table}" for table in tables),  # noqa: S608 - names of our tables
            *(f"INSERT INTO {table} SELECT * FROM kept.{table}" for table in filled),  # noqa: S608
            *(
                f"SELECT setval('{name}', {last or 1}, {'true' if last else 'false'})"
                for name, last in sequences
            ),
        ]
    )
