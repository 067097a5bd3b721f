"""The database session and the one place that commits."""

from __future__ import annotations

import itertools
import os
import sqlite3
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from labops.kernel.orm import Base

try:
    import fcntl
except ImportError:  # Windows: whoever waits there sleeps and tries again
    _TURNS = False
else:
    _TURNS = True

T = TypeVar("T")

# `SQLAlchemy(model_class=Base)` would copy the base and lose its type map; sharing the metadata
# keeps the models free of Flask.
db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True)

# What makes the content of a file last; where the system knows no such thing, all of the file.
_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
# Reads on PostgreSQL are statements of their own, which saves two of the four ways to the server
# that an answer takes; each would see what is true at its time inside a transaction as well.
POSTGRESQL_READS = "AUTOCOMMIT"
# What makes a transaction of a connection: begun at once on SQLite, begun at all on PostgreSQL.
WRITING: Mapping[str, Mapping[str, str]] = {
    "sqlite": {"sqlite_begin": "IMMEDIATE"},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}
WRITTEN_BACK_AFTER = 200  # commits of this process
_commits = itertools.count(1)
_MEMO_LIMIT = 5_000
_memos: weakref.WeakKeyDictionary[Any, dict[Hashable, Any]] = weakref.WeakKeyDictionary()


def reading() -> Session:
    """Return the session of this request, job or command, for reading."""
    return cast("Session", db.session())


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Open a write transaction, commit it on success, roll it back on any error.

    Only use cases (service functions without a `session` parameter) call this. Nesting is a
    mistake and raises: pass the session down instead.
    """
    session = reading()
    if session.info.get("unit_of_work"):
        raise RuntimeError("unit_of_work() is already open: pass its session on")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("unsaved changes made outside unit_of_work()")
    session.info["unit_of_work"] = True
    with _turn_to_write(session):
        try:
            _begin(session)
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.info.pop("unit_of_work", None)
    _keep_through_power_cuts(session)


def _begin(session: Session) -> None:
    """See from now on what is true now, whatever was read before, and begin to write.

    The connection stays the one that was read by: giving it back and taking another took longer
    than five statements.
    """
    connection = session.connection()
    session.expire_all()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("ROLLBACK")  # a read transaction keeps its snapshot
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


@contextmanager
def _turn_to_write(session: Session) -> Iterator[None]:
    """Wait for one's turn on SQLite, which has one writer at a time.

    SQLite itself lets those who wait sleep and try again, up to a tenth of a second each time,
    so that the unlucky one never gets a turn while others come. A lock on a file beside the
    database wakes them up in order, whichever process they are in.
    """
    url = cast("Engine", session.get_bind()).url
    if not _TURNS or not url.drivername.startswith("sqlite") or not url.database:
        yield
        return
    place = os.open(f"{url.database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)  # lets the next one go


def _keep_through_power_cuts(session: Session) -> None:
    """Wait until what SQLite committed is on the disk; PostgreSQL did so while committing.

    The disk is waited for after the next writer got its turn, so that several wait together:
    waiting inside the turn made it three times as long. Nobody is told of a change before this
    returns, and whoever builds on it waits for the same file, so nothing told is ever lost.
    """
    database = cast("Engine", session.get_bind()).url.database
    if not is_sqlite(session) or not database:
        return
    try:
        log = os.open(f"{database}-wal", os.O_RDWR)
    except FileNotFoundError:
        return  # written back into the database, which SQLite waits for itself
    try:
        _sync(log)
    finally:
        os.close(log)
    if next(_commits) % WRITTEN_BACK_AFTER == 0:
        _write_back(cast("Engine", session.get_bind()))


def _write_back(engine: Engine) -> None:
    """Copy what the log holds into the database file, so that the log can begin anew.

    Left to itself SQLite does so inside a commit, and whoever wants to write waits for the disk
    twice; here everybody else goes on meanwhile.
    """
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)")


def remembered(session: Session, key: Hashable, build: Callable[[], T]) -> T:
    """Return what `build` made for the key, once per process and database.

    The key must hold a revision number that changes with what is read: nothing is ever
    thrown out because it grew old, only because the memory is full.
    """
    memo = _memos.setdefault(session.get_bind(), {})
    if key not in memo:
        if len(memo) >= _MEMO_LIMIT:
            memo.clear()
        memo[key] = build()
    return cast("T", memo[key])


def is_sqlite(session: Session) -> bool:
    """Say whether the session talks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # BEGIN is emitted below, with the right mode
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",  # a unit of work waits for the disk itself, after its turn
        "foreign_keys=ON",
        "wal_autocheckpoint=16000",  # pages: for whoever writes much at once; see `_write_back`
        "busy_timeout=15000",  # SQLite's lock is unfair: the unlucky one may wait a while
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # A read transaction that wants to write later dies with "database is locked" when
        # another writer was faster, so writers say so from the start.
        mode = connection.get_execution_options().get("sqlite_begin")
        if mode is None:
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN")  # takes no lock yet, so nothing can stand against it
        else:
            connection.exec_driver_sql(f"BEGIN {mode}")
