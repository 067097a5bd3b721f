"""Statements on a hot path: compiled once for each engine, then handed to the driver as they are.

SQLAlchemy finds out anew, at each run, how a statement is spelled, which values it takes and what
its columns are; half of a booking's time went there. A `Prepared` asks once. Errors, events and
transactions stay SQLAlchemy's own, but what it prepares for the other ways of reading an answer is
left out: that was another fifth.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from sqlalchemy import BindParameter, Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]
_LINK = "link of prepared statements"


class _Link(NamedTuple):
    """A session's way to the database during one transaction.

    `driver` is the driver's own connection, `listeners` those who watch what is run.
    """

    transaction: Any
    connection: Connection
    driver: Any
    listeners: Any


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A statement as one engine's driver takes it.

    `fixed` are values that the statement itself holds; `given` is what turns the others into what
    the driver takes; `order` is theirs when the driver counts values instead of naming them;
    `answers` says that rows come back (a driver asked for that describes them all, which takes
    longer than reading one); `columns` are those of the answer that have to be turned back;
    `cursor` is what the driver's cursor is made with.
    """

    text: str
    fixed: Mapping[str, Any]
    given: tuple[tuple[str, Convert | None], ...]
    order: tuple[str, ...] | None
    make_row: Convert
    answers: bool
    columns: tuple[tuple[int, Convert], ...]
    cursor: Mapping[str, Any]

    def run(self, link: _Link, values: Mapping[str, Any]) -> tuple[Sequence[Any], int]:
        """Run it and return the rows as the driver gives them, and how many it touched."""
        named = dict(self.fixed)
        for name, convert in self.given:
            value = values[name]
            named[name] = value if convert is None else convert(value)
        taken: Any = named if self.order is None else tuple([named[name] for name in self.order])
        if link.listeners.before_cursor_execute:
            # Somebody watches what is run: let SQLAlchemy tell them.
            with link.connection.exec_driver_sql(self.text, taken) as result:
                rows = result.cursor.fetchall() if result.returns_rows else []
                return rows, result.rowcount
        cursor = link.driver.cursor(**self.cursor)
        try:
            cursor.execute(self.text, taken)
            return cursor.fetchall() if self.answers else [], cursor.rowcount
        except _error_of(link.connection.dialect) as error:
            raise _wrapped(error, link.connection, self.text, taken) from error
        finally:
            cursor.close()


class Prepared:
    """A statement on tables whose values are `bindparam`s, or the columns of an insert.

    Lists of values (`IN` of a parameter) are not for it. A value that is missing is a `KeyError`.
    Nothing is flushed before it runs.
    """

    __slots__ = ("_spelled", "_statement")

    def __init__(self, statement: Executable) -> None:
        self._statement = statement
        self._spelled: dict[str, _Spelled] = {}

    def rows(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """Run it and return named tuples."""
        link = _link(session)
        spelled = self._for(link.connection.dialect, values)
        found: Iterable[Any] = spelled.run(link, values)[0]
        columns: list[Any] = list(zip(*found, strict=True)) if spelled.columns else []
        if columns:
            for index, convert in spelled.columns:
                columns[index] = map(convert, columns[index])
            found = zip(*columns, strict=True)
        return list(map(spelled.make_row, found))

    def row(self, session: Session, values: Mapping[str, Any]) -> Any:
        """Run it and return the first row as a named tuple, or `None`."""
        found = self.rows(session, values)
        return found[0] if found else None

    def scalar(self, session: Session, values: Mapping[str, Any]) -> Any:
        """Run it and return the first value of the first row, or `None`."""
        found = self.rows(session, values)
        return found[0][0] if found else None

    def write(self, session: Session, values: Mapping[str, Any]) -> int:
        """Run it and return how many rows it touched."""
        link = _link(session)
        return self._for(link.connection.dialect, values).run(link, values)[1]

    def _for(self, dialect: Dialect, values: Mapping[str, Any]) -> _Spelled:
        spelled = self._spelled.get(dialect.name)
        if spelled is None:
            spelled = self._spelled[dialect.name] = _spell(self._statement, dialect, values)
        return spelled


def _link(session: Session) -> _Link:
    """Return the session's way to the database, asking the session once a transaction.

    Inside a savepoint it is asked each time: asking is what sets the savepoint.
    """
    kept = session.info.get(_LINK)
    if (
        kept is None
        or kept.transaction is not session.get_transaction()
        or session.in_nested_transaction()
    ):
        connection = session.connection()
        driver = connection.connection.driver_connection
        kept = _Link(session.get_transaction(), connection, driver, connection.engine.dispatch)
        session.info[_LINK] = kept
    return cast("_Link", kept)


def _error_of(dialect: Dialect) -> type[Exception]:
    driver: Any = dialect.loaded_dbapi
    return cast("type[Exception]", driver.Error)


def _wrapped(
    error: Exception, connection: Connection, text: str, taken: Any
) -> StatementError | DBAPIError:
    """Return the driver's error as SQLAlchemy's; a connection that is gone is given up."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(cast("Any", error), connection.connection, None)
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        text,
        taken,
        error,
        _error_of(dialect),
        connection_invalidated=gone,
        dialect=dialect,
    )


def _spell(statement: Executable, dialect: Dialect, values: Mapping[str, Any]) -> _Spelled:
    assert isinstance(statement, ClauseElement)  # noqa: S101 - for the type checker
    keys = list(values) if getattr(statement, "is_insert", False) else None
    compiled = statement.compile(dialect=dialect, column_keys=keys)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101 - for the type checker
    if compiled.post_compile_params or compiled.insert_prefetch or compiled.update_prefetch:
        raise ValueError("A prepared statement takes no lists and fills in no defaults.")
    fixed: dict[str, Any] = {}
    given: list[tuple[str, Convert | None]] = []
    for bind, name in compiled.bind_names.items():
        convert = _bind_converter(bind, dialect)
        if bind.required:
            given.append((name, convert))
        else:
            value = bind.effective_value
            fixed[name] = value if convert is None else convert(value)
    columns = list(getattr(statement, "exported_columns", ()))
    converters = ((n, _result_converter(c.type, dialect)) for n, c in enumerate(columns))
    return _Spelled(
        text=str(compiled),
        fixed=fixed,
        given=tuple(given),
        order=tuple(compiled.positiontup) if compiled.positiontup is not None else None,
        make_row=_row_type([column.key for column in columns]),
        answers=bool(columns),
        columns=tuple((n, convert) for n, convert in converters if convert is not None),
        # psycopg takes instants and numbers apart faster as the server keeps them.
        cursor={"binary": True} if dialect.driver == "psycopg" else {},
    )


def _row_type(names: list[str]) -> Convert:
    kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024
    make: Convert = kind._make
    return make


def _bind_converter(bind: BindParameter[Any], dialect: Dialect) -> Convert | None:
    return bind.type.dialect_impl(dialect).bind_processor(dialect)


def _result_converter(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
