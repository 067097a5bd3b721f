"""How a value of either engine is written down, and made a value of the other.

In an archive an instant is `2026-11-23T08:00:00.000000Z`, a day `2026-11-23`, JSON its own text, an
exact number a text; all else is what JSON has for it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from sqlalchemy import types
from sqlalchemy.types import TypeEngine

Convert = Callable[[Any], Any]
_KINDS: tuple[tuple[type[TypeEngine[Any]], str], ...] = (
    (types.Boolean, "boolean"),
    (types.DateTime, "instant"),
    (types.Date, "day"),
    (types.Time, "time"),
    (types.JSON, "json"),
    (types.Float, "number"),
    (types.Numeric, "exact"),
    (types.Integer, "integer"),
    (types.LargeBinary, "bytes"),
    (types.String, "text"),
)

_WRITERS: Mapping[str, Convert] = {
    "bytes": lambda value: base64.b64encode(value).decode(),
    "exact": str,
}
_OF_ENGINE: Mapping[str, Mapping[str, Convert]] = {
    "sqlite": {"instant": lambda text: text.replace(" ", "T") + "Z", "boolean": bool},
    "postgresql": {
        "instant": lambda at: (
            at.astimezone(UTC).replace(tzinfo=None).isoformat("T", "microseconds") + "Z"
        ),
        "day": lambda day: day.isoformat(),
        "time": lambda time: time.isoformat(),
    },
}


def kind_of(column_type: TypeEngine[Any]) -> str:
    """Return how values of a type are written down; raises `ValueError` for one not foreseen."""
    for known, kind in _KINDS:
        if isinstance(column_type, known):
            return kind
    raise ValueError(f"no backup of {column_type!r} was foreseen")


def selected(name: str, kind: str, engine: str) -> str:
    """Return the SQL that reads a column: JSON as its text, whatever the engine made of it."""
    if kind == "json":
        return f'CAST("{name}" AS TEXT)'
    if kind == "exact" and engine == "postgresql":
        return f'CAST("{name}" AS TEXT)'
    return f'"{name}"'


def writer(kind: str, engine: str) -> Convert | None:
    """Return what makes a value of the engine one of the archive; `None` when it is one."""
    return _WRITERS.get(kind) or _OF_ENGINE[engine].get(kind)


def reader(kind: str, engine: str) -> Convert | None:
    """Return what makes a value of the archive one that the engine's driver takes."""
    if kind == "bytes":
        return base64.b64decode
    if engine == "sqlite":
        if kind == "instant":
            return lambda value: value.replace("T", " ").removesuffix("Z")
        return int if kind == "boolean" else None
    if kind == "text":
        # PostgreSQL cannot hold the sign at all; nothing that people type keeps it anyway.
        return lambda value: value.replace("\x00", "\ufffd")
    return None
