"""The base of every table, and how instants are stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from sqlalchemy import JSON, DateTime, Dialect, MetaData, Table
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

# Without names a constraint cannot be dropped later, and SQLite could not be migrated at all.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC on both engines; a naive time is refused.

    SQLite has no zones: the text it keeps is UTC, so comparing texts compares instants.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    # One function a value, without the ones it would wrap: a list of bookings has thousands.

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Return what checks that an instant is aware and turns it to UTC."""
        return _to_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:  # noqa: ARG002 - the library's signature
        """Return what gives a stored instant its zone back."""
        return _from_text if dialect.name == "sqlite" else _to_utc


def _to_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("A naive time cannot be stored: say which zone it is in.")
    return value.astimezone(UTC)


def _to_text(value: datetime | None) -> str | None:
    utc = _to_utc(value)
    return None if utc is None else utc.replace(tzinfo=None).isoformat(" ", "microseconds")


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")


class Base(DeclarativeBase):
    """The declarative base; free of Flask, so that models can be used anywhere."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
    }


PrimaryKey = Annotated[int, mapped_column(primary_key=True)]


def table_of(model: type[Base]) -> Table:
    """Return the table behind a model, for statements on a hot path: they cost half as much."""
    return cast("Table", model.__table__)
