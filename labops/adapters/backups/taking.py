"""Write an archive of what is true at one moment, while everybody goes on working."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, text

from labops import __version__
from labops.adapters.backups import ArchiveRefused
from labops.adapters.backups.archive import FILES, TABLES, Manifest, Reader, Writer
from labops.adapters.backups.values import Convert, kind_of, selected, writer

# Who the scheduler is now is no matter of yesterday's.
LEFT_OUT = frozenset({"alembic_version", "lease"})
# Folders of the data folder that can be had anew, or must not go along: mails hold what opens
# accounts. Files beside the folders are left out, too: the database, and the secret.
FOLDERS_LEFT_OUT = frozenset({"backups", "mail"})
ROWS_AT_A_TIME = 1_000
PIECE = 2**20
WORK = ".labops-backup-"
Progress = Callable[[str, int], None]


def take(
    engine: Engine,
    path: Path,
    data_dir: Path,
    *,
    now: datetime,
    progress: Progress = lambda _name, _rows: None,
) -> Manifest:
    """Write the archive, read it back, and only then give it its name; return its manifest.

    `progress` hears of each member and the rows written of it. Raises `ArchiveRefused` where there
    is such a file, or no schema; `OSError` when the disk is full. Nothing is left of a failure.
    """
    if path.exists():
        raise ArchiveRefused(f"{path} exists; choose another name.")
    try:
        work = tempfile.TemporaryDirectory(dir=path.parent, prefix=WORK)  # for our eyes only
    except OSError as error:
        raise ArchiveRefused(f"{path.parent} cannot be written: {error.strerror}.") from error
    with work as folder:
        fresh = Path(folder) / "archive"
        fresh.touch(mode=0o600)
        with _snapshot(engine, Path(folder)) as connection:
            manifest = _write(connection, engine.dialect.name, fresh, data_dir, now, progress)
        with Reader(fresh) as written:
            written.check()
        _keep(fresh, path)
    return manifest


@contextmanager
def _snapshot(engine: Engine, folder: Path) -> Iterator[Connection]:
    """Open a connection that sees one moment, however long it looks."""
    if engine.dialect.name == "sqlite":
        copy = folder / "snapshot.db"
        copy.touch(mode=0o600)
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            # Of its own, and without a transaction of ours: readers and writers go on meanwhile.
            driver.execute("VACUUM INTO ?", (str(copy),))
        private = create_engine(f"sqlite:///{copy}")
        try:
            with private.connect() as connection:
                yield connection
        finally:
            private.dispose()
        return
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        lift_time_limits(connection)
        yield connection
        connection.rollback()


def lift_time_limits(connection: Connection) -> None:
    """Let statements of this transaction take as long as there are rows."""
    if connection.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {name} = 0"))


def _write(
    connection: Connection,
    engine: str,
    path: Path,
    data_dir: Path,
    now: datetime,
    progress: Progress,
) -> Manifest:
    tables = reflected(connection)
    if "alembic_version" not in tables.tables:
        raise ArchiveRefused("The database holds nothing of labops. Run: labops db upgrade")
    revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    taken_at = now.astimezone(UTC).isoformat(timespec="seconds")
    manifest = Manifest(str(revision), engine, __version__, taken_at)
    out = Writer(path, manifest)
    try:
        for table in tables.sorted_tables:
            if table.name not in LEFT_OUT:
                columns = columns_of(table)
                rows = out.add(
                    f"{TABLES}{table.name}.jsonl", _lines(connection, table, columns), columns
                )
                progress(table.name, rows)
        for file in _files(data_dir):
            _add_file(out, file, data_dir)
        out.close()
    except BaseException:
        out.abandon()
        raise
    return manifest


def reflected(connection: Connection) -> MetaData:
    """Return the tables as the database has them, whatever this version's models say."""
    found = MetaData()
    found.reflect(connection)
    return found


def columns_of(table: Table) -> list[tuple[str, str]]:
    """Return the names and kinds of a table's columns."""
    return [(column.name, kind_of(column.type)) for column in table.columns]


def _lines(connection: Connection, table: Table, columns: list[tuple[str, str]]) -> Iterator[bytes]:
    """Yield the rows as lines of JSON, some at a time in memory."""
    engine = connection.dialect.name
    chosen = ", ".join(selected(name, kind, engine) for name, kind in columns)
    order = ", ".join(f'"{column.name}"' for column in table.primary_key)
    statement = f'SELECT {chosen} FROM "{table.name}" ORDER BY {order or 1}'  # noqa: S608 - the database's own names
    writers = [(n, to) for n, (_, kind) in enumerate(columns) if (to := writer(kind, engine))]
    streamed = connection.execution_options(stream_results=True, yield_per=ROWS_AT_A_TIME)
    with streamed.exec_driver_sql(statement) as found:
        for some in found.partitions():
            yield b"".join(_line(row, writers) for row in some)


def _line(row: Sequence[Any], writers: Sequence[tuple[int, Convert]]) -> bytes:
    values = list(row)
    for index, to in writers:
        if values[index] is not None:
            values[index] = to(values[index])
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _files(data_dir: Path) -> Iterator[Path]:
    """Yield the files in the folders of the data folder, none that a link leads to."""
    for folder in sorted(data_dir.iterdir() if data_dir.is_dir() else ()):
        hidden = folder.name.startswith(".") or folder.name in FOLDERS_LEFT_OUT
        if hidden or folder.is_symlink() or not folder.is_dir():
            continue
        for place, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                file = Path(place) / name
                if not name.startswith(".") and file.is_file() and not file.is_symlink():
                    yield file


def _add_file(out: Writer, file: Path, data_dir: Path) -> None:
    """Write a file into the archive; one that was removed meanwhile is no loss."""
    try:
        source = file.open("rb")
    except FileNotFoundError:
        return
    with source:
        name = FILES + file.relative_to(data_dir).as_posix()
        out.add(name, iter(lambda: source.read(PIECE), b""))


def _keep(fresh: Path, path: Path) -> None:
    """Give the finished file its name, once it is on the disk."""
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # never over a file that came meanwhile
    except FileExistsError as error:
        raise ArchiveRefused(f"{path} exists; choose another name.") from error
    except OSError:  # a file system without links
        fresh.replace(path)
