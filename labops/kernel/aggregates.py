"""Aggregate functions that each engine calls by another name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class joined_texts(FunctionElement[str]):  # noqa: N801 - it reads as a function
    """All texts of a column in one, in the order of the subquery they come from; NULL for none.

    SQLAlchemy's own way takes a separator that a prepared statement cannot hold.
    """

    type = Text()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column, literal_column("''"))


@compiles(joined_texts)
def _of_postgresql(element: joined_texts, compiler: SQLCompiler, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)})"


@compiles(joined_texts, "sqlite")
def _of_sqlite(element: joined_texts, compiler: SQLCompiler, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)})"
