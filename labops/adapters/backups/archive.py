"""The file: written and read as a stream, each member with its digest."""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Self

from labops.adapters.backups import ArchiveRefused

FORMAT = 1
MANIFEST = "manifest.json"
TABLES, FILES = "tables/", "files/"
PIECE = 2**20
LONGEST_MANIFEST = 64 * 2**20
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside: its digest, its length in bytes and, for a table, columns and rows.

    `columns` are (name, kind) pairs in the order of the values of a line; see `values`.
    """

    sha256: str
    size: int
    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0


@dataclass(slots=True)
class Manifest:
    """What the archive says of itself. `taken_at` is ISO 8601 in UTC."""

    revision: str
    engine: str
    version: str
    taken_at: str
    format: int = FORMAT
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return how many rows it holds in all."""
        return sum(member.rows for member in self.members.values())

    @property
    def held(self) -> dict[str, int]:
        """Return how many rows each table has, and how many files there are."""
        tables = {table: self.members[TABLES + table + ".jsonl"].rows for table in self.tables}
        return tables | {"files": sum(1 for name in self.members if name.startswith(FILES))}

    @property
    def tables(self) -> list[str]:
        """Return the names of the tables, in the order in which they were written."""
        return [
            name.removeprefix(TABLES).removesuffix(".jsonl")
            for name in self.members
            if name.startswith(TABLES)
        ]


class Writer:
    """Writes an archive into an empty file of the caller's."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def add(
        self, name: str, pieces: Iterable[bytes], columns: Iterable[tuple[str, str]] = ()
    ) -> int:
        """Write a member; the pieces of a table hold whole rows. Return how many lines it has."""
        digest, size, count = hashlib.sha256(), 0, 0
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as out:
            for piece in pieces:
                out.write(piece)
                digest.update(piece)
                size += len(piece)
                count += piece.count(b"\n")
        columns = list(columns)
        member = Member(digest.hexdigest(), size, columns, count if columns else 0)
        self.manifest.members[name] = member
        return count

    def close(self) -> None:
        """Write the manifest and what makes the file whole."""
        text = json.dumps(asdict(self.manifest), indent=1)
        self._zip.writestr(MANIFEST, text)
        self._zip.close()

    def abandon(self) -> None:
        """Let go of the file, which stays unusable."""
        if self._zip.fp:
            self._zip.fp.close()
        self._zip.fp = None


class Reader:
    """Reads an archive; whatever is wrong with it is an `ArchiveRefused`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise ArchiveRefused(f"{path} cannot be read: {error.strerror or error}.") from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise _damaged(path, error) from error
        try:
            self.manifest = _manifest(self._zip, path)
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def check(self, progress: Progress = lambda _bytes: None) -> None:
        """Read every member and compare it with the manifest; `progress` hears of bytes read."""
        for name, member in self.manifest.members.items():
            digest, size, lines = hashlib.sha256(), 0, 0
            for piece in self.pieces(name):
                digest.update(piece)
                size += len(piece)
                lines += piece.count(b"\n")
                if size > member.size:
                    break
                progress(len(piece))
            if size != member.size or digest.hexdigest() != member.sha256:
                raise _damaged(self.path, f"{name} is not what was written")
            if member.columns and lines != member.rows:
                raise _damaged(self.path, f"{name} has {lines} rows, not {member.rows}")

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a member."""
        try:
            with self._zip.open(name) as member:
                while piece := member.read(PIECE):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, RuntimeError) as error:
            raise _damaged(self.path, error) from error

    def rows(self, table: str) -> Iterator[list[Any]]:
        """Yield the rows of a table."""
        rest = b""
        for piece in self.pieces(f"{TABLES}{table}.jsonl"):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                yield self._row(table, line)
        if rest:
            yield self._row(table, rest)

    def _row(self, table: str, line: bytes) -> list[Any]:
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _damaged(self.path, error) from error
        if not isinstance(row, list):
            raise _damaged(self.path, f"{table} has a row that is none")
        return row

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield the files besides the database: where each belongs, and its bytes."""
        for name in self.manifest.members:
            if name.startswith(FILES):
                yield name.removeprefix(FILES), self.pieces(name)


def _manifest(file: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        info = file.getinfo(MANIFEST)
        if info.file_size > LONGEST_MANIFEST:
            raise _damaged(path, "its manifest is too long")
        told = json.loads(file.read(MANIFEST))
        members = {
            str(name): Member(
                sha256=str(member["sha256"]),
                size=int(member["size"]),
                columns=[(str(column), str(kind)) for column, kind in member["columns"]],
                rows=int(member["rows"]),
            )
            for name, member in told.pop("members").items()
        }
        manifest = Manifest(**told, members=members)
    except KeyError as error:
        raise ArchiveRefused(f"{path} is no backup of labops.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, TypeError, ValueError) as error:
        raise _damaged(path, error) from error
    if manifest.format != FORMAT:
        raise ArchiveRefused(f"{path} has format {manifest.format}; this version reads {FORMAT}.")
    _check_names(file, manifest, path)
    return manifest


def _check_names(file: zipfile.ZipFile, manifest: Manifest, path: Path) -> None:
    """Refuse names that lead elsewhere, and members that the manifest does not know."""
    if sorted(file.namelist()) != sorted([*manifest.members, MANIFEST]):
        raise _damaged(path, "its files are not those of its manifest")
    for name in manifest.members:
        parts = PurePosixPath(name).parts
        table = name.startswith(TABLES) and name.endswith(".jsonl") and len(parts) == 2  # noqa: PLR2004
        stays = ".." not in parts and "\\" not in name and ":" not in name
        if not stays or not (table or (name.startswith(FILES) and len(parts) > 2)):  # noqa: PLR2004
            raise _damaged(path, f"{name!r} is no name of ours")
        if table and not name.removeprefix(TABLES).removesuffix(".jsonl").isidentifier():
            raise _damaged(path, f"{name!r} is no table")


def _damaged(path: Path, why: object) -> ArchiveRefused:
    if isinstance(why, ArchiveRefused):
        return why
    return ArchiveRefused(f"{path} is damaged: {why}.")
