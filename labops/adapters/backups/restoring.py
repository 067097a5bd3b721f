"""Put what an archive holds in the place of what is here: all of it, or nothing is changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from labops.adapters.backups import ArchiveRefused, erased_list
from labops.adapters.backups.archive import FILES, Manifest, Reader
from labops.adapters.backups.taking import LEFT_OUT, columns_of, lift_time_limits, reflected
from labops.adapters.backups.values import reader
from labops.adapters.backups.whole import check_whole
from labops.domain.erasure import queries
from labops.domain.erasure.erasing import erase_again
from labops.domain.tables import METADATA
from labops.kernel import migrations
from labops.kernel.permissions import SYSTEM
from labops.kernel.text import one_line

# What a database holds that nobody has used yet.
_OF_ANY = LEFT_OUT | {"instance_fact", "job_run", "erased_person", "backup_run"}
ROWS_AT_A_TIME = 1_000
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored: the archive's own words, how many were erased again, what was found."""

    manifest: Manifest
    erased_again: int
    migrated: bool
    found: tuple[str, ...]


def restore(
    engine: Engine,
    path: Path,
    data_dir: Path,
    *,
    replace: bool,
    now: datetime,
    progress: Progress = lambda _name, _count: None,
) -> Restored:
    """Replace the database and the files by those of the archive, in one transaction.

    The archive is read to its end before anything is touched; files come last, each whole. Raises
    `ArchiveRefused` for an archive that is damaged or of a newer version, and where there are data
    and `replace` is false; then everything is as it was.
    """
    with Reader(path) as archive:
        _require_known(archive.manifest)
        archive.check(lambda size: progress("checking", size))
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=data_dir, prefix=".restore-") as work:
            files = _unpacked(archive, Path(work))
            try:
                with migrations.exclusively(engine) as connection:
                    restored = _replace(connection, archive, data_dir, replace, now, progress)
            except ArchiveRefused:
                raise
            except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error, LookupError) as error:
                reason = one_line(str(getattr(error, "orig", None) or error))
                raise ArchiveRefused(f"The database refused it: {reason}") from error
            _put_in_place(files, data_dir)
    _settle(engine)
    with Session(engine) as session:
        erased_list.write_down(session, data_dir)
    return restored


def _settle(engine: Engine) -> None:
    """Wait until all of it is on the disk; PostgreSQL did so while committing."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _require_known(manifest: Manifest) -> None:
    if not migrations.known(manifest.revision):
        raise ArchiveRefused(
            f"The backup was taken by labops {manifest.version}, whose schema"
            f" ({manifest.revision}) this version does not know. Install that version or a newer"
            " one."
        )


def _replace(
    connection: Connection,
    archive: Reader,
    data_dir: Path,
    replace: bool,  # noqa: FBT001
    now: datetime,
    progress: Progress,
) -> Restored:
    lift_time_limits(connection)
    before = reflected(connection)
    _require_room(connection, before, now, replace=replace)
    gone = set(erased_list.read(data_dir)) | _listed_here(connection, before)
    _drop(connection, before, archive.manifest)
    migrations.upgrade_in(connection, archive.manifest.revision)
    tables = reflected(connection)
    _require_same_tables(tables, archive.manifest)
    for table in reversed(tables.sorted_tables):
        if table.name != "alembic_version":
            connection.execute(table.delete())
    for table in _in_order(tables):
        if table.name in archive.manifest.tables:
            _load(connection, table, archive)
            progress(table.name, archive.manifest.held[table.name])
    for table in tables.sorted_tables:
        _count_on(connection, table)
    _check_counts(connection, tables, archive.manifest)
    migrated = archive.manifest.revision != migrations.head()
    if migrated:
        migrations.upgrade_in(connection)
    with Session(connection, join_transaction_mode="rollback_only") as session:
        again = erase_again(session, gone | set(queries.erased(session)), actor=SYSTEM, now=now)
        found = check_whole(session)
    return Restored(
        manifest=archive.manifest, erased_again=again, migrated=migrated, found=tuple(found)
    )


def _require_room(
    connection: Connection, tables: MetaData, now: datetime, *, replace: bool
) -> None:
    """Refuse while somebody serves, and a database that holds data unless it may go."""
    lease = tables.tables.get("lease")
    if lease is not None and "alembic_version" in tables.tables:
        held = METADATA.tables["lease"]
        query = select(held.c.holder).where(held.c.expires_at > now)
        if holder := connection.scalar(query):
            raise ArchiveRefused(
                f"labops is running ({holder}). Stop it and try again half a minute later."
            )
    if replace:
        return
    for table in tables.sorted_tables:
        counted = table.name in METADATA.tables and table.name not in _OF_ANY
        if counted and connection.scalar(select(func.count()).select_from(table)):
            raise ArchiveRefused(
                "The database holds data. Restore into an empty one, or say --replace."
            )


def _listed_here(connection: Connection, tables: MetaData) -> set[str]:
    """Return who was erased from the database that is being replaced."""
    table = tables.tables.get("erased_person")
    return set() if table is None else set(connection.scalars(select(table.c.uid)))


def _drop(connection: Connection, tables: MetaData, manifest: Manifest) -> None:
    """Drop our tables, whatever schema they are at; those of others stay."""
    ours = {*METADATA.tables, *manifest.tables, "alembic_version"}
    if "alembic_version" not in tables.tables and ours & set(tables.tables):
        raise ArchiveRefused("The database holds tables of another program. Name another one.")
    cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
    for name in inspect(connection).get_table_names():
        if name in ours:
            connection.execute(text(f'DROP TABLE "{name}"{cascade}'))


def _require_same_tables(tables: MetaData, manifest: Manifest) -> None:
    here = {name for name in tables.tables if name not in LEFT_OUT}
    if here != set(manifest.tables):
        odd = ", ".join(sorted(here ^ set(manifest.tables)))
        raise ArchiveRefused(f"The backup does not hold what its schema has: {odd}.")
    for name in here:
        told = manifest.members[f"tables/{name}.jsonl"].columns
        if sorted(columns_of(tables.tables[name])) != sorted(told):
            raise ArchiveRefused(f"The backup's table {name} has other columns than its schema.")


def _in_order(tables: MetaData) -> list[Table]:
    """Return the tables in the order in which they are filled: postings before their entries.

    The books check an entry as it arrives, and take no posting for one that is there.
    """
    ordered = list(tables.sorted_tables)
    names = [table.name for table in ordered]
    if {"posting", "ledger_entry"} <= set(names):
        entry = ordered.pop(names.index("ledger_entry"))
        ordered.insert([table.name for table in ordered].index("posting") + 1, entry)
        # What refers to entries at once comes after them.
        later = [table for table in ordered if table.name == "payment"]
        ordered = [table for table in ordered if table.name != "payment"] + later
    return ordered


def _load(connection: Connection, table: Table, archive: Reader) -> None:
    columns = archive.manifest.members[f"tables/{table.name}.jsonl"].columns
    rows = _driver_rows(archive, table.name, columns, connection.dialect.name)
    names = ", ".join(f'"{name}"' for name, _kind in columns)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "postgresql":
        statement = f'COPY "{table.name}" ({names}) FROM STDIN'
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" for _column in columns)
    statement = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})'  # noqa: S608 - names compared with the schema's
    while some := list(islice(rows, ROWS_AT_A_TIME)):
        driver.executemany(statement, some)


def _driver_rows(
    archive: Reader, name: str, columns: list[tuple[str, str]], engine: str
) -> Iterator[list[Any]]:
    readers = [(n, of) for n, (_, kind) in enumerate(columns) if (of := reader(kind, engine))]
    for row in archive.rows(name):
        if len(row) != len(columns):
            raise ArchiveRefused(f"The backup's table {name} has a row of another length.")
        for index, of in readers:
            if row[index] is not None:
                row[index] = of(row[index])
        yield row


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL give new rows numbers after those that came; SQLite does so by itself."""
    keys = list(table.primary_key)
    if connection.dialect.name != "postgresql" or len(keys) != 1:
        return
    names = {"table": f'"{table.name}"', "column": keys[0].name}
    query = text("SELECT pg_get_serial_sequence(:table, :column)")
    sequence = connection.scalar(query, names)
    if sequence:
        last = connection.scalar(select(func.max(keys[0])))
        connection.execute(
            text("SELECT setval(:sequence, :value, :used)"),
            {"sequence": sequence, "value": last or 1, "used": last is not None},
        )


def _check_counts(connection: Connection, tables: MetaData, manifest: Manifest) -> None:
    held: Mapping[str, int] = manifest.held
    for name in manifest.tables:
        count = connection.scalar(select(func.count()).select_from(tables.tables[name]))
        if count != held[name]:
            raise ArchiveRefused(f"{count} rows of {name} arrived, not {held[name]}.")


def _unpacked(archive: Reader, folder: Path) -> list[tuple[Path, str]]:
    """Write the files beside where they belong; return each and its name in the data folder."""
    found = []
    for number, (name, pieces) in enumerate(archive.files()):
        path = folder / f"{number}"
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        found.append((path, name.removeprefix(FILES)))
    return found


def _put_in_place(files: list[tuple[Path, str]], data_dir: Path) -> None:
    for path, name in files:
        place = data_dir / name
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
