"""Replace a person's name and address wherever they stand in texts of others."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    String,
    Table,
    Text,
    cast,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Words:
    """What gives a person away, and what stands there afterwards.

    A name of one word is many people's: it is replaced only where the text is known to be hers.
    """

    name: str
    email: str
    pseudonym: str

    @property
    def everywhere(self) -> tuple[str, ...]:
        """Return what is looked for in everybody's texts."""
        names = (self.name,) if " " in self.name.strip() else ()
        return tuple(word for word in (*names, self.email) if word)

    def scrubbed(self, value: Any, words: Sequence[str]) -> Any:
        """Return a text or JSON value without these words."""
        if isinstance(value, str):
            for word in words:
                pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
                value = re.sub(pattern, lambda _: self.pseudonym, value, flags=re.IGNORECASE)
            return value
        if isinstance(value, dict):
            return {key: self.scrubbed(part, words) for key, part in value.items()}
        if isinstance(value, list):
            return [self.scrubbed(part, words) for part in value]
        return value


@dataclass(frozen=True, slots=True)
class Places:
    """Where her words were found in a table, by primary key, up to the newest row at that time."""

    keys: tuple[int, ...]
    newest: int


def find(session: Session, table: Table, names: Sequence[str], words: Words) -> Places:
    """Look through all rows: seconds where there are many, so nobody should wait for it.

    A table whose rows have no number of their own is small, and looked through when it is scrubbed.
    """
    if len(table.primary_key) > 1:
        return Places((), 0)
    (key,) = table.primary_key
    newest = session.scalar(select(func.max(key))) or 0
    holding = _holding(table, names, words)
    if holding is None:
        return Places((), newest)
    return Places(tuple(session.scalars(select(key).where(holding))), newest)


def scrub(
    session: Session, table: Table, names: Sequence[str], words: Words, places: Places
) -> None:
    """Replace her name and address in these columns: where they were found, and in newer rows."""
    holding = _holding(table, names, words)
    if holding is None:
        return
    if len(table.primary_key) > 1:
        _replace(session, table, names, words, holding)
        return
    (key,) = table.primary_key
    newer = session.scalars(select(key).where(key > places.newest, holding)).all()
    found = [*places.keys, *newer]
    for start in range(0, len(found), AT_A_TIME):
        _replace(session, table, names, words, key.in_(found[start : start + AT_A_TIME]))


def _replace(
    session: Session,
    table: Table,
    names: Sequence[str],
    words: Words,
    among: ColumnElement[bool],
) -> None:
    keys, columns = list(table.primary_key), [table.c[name] for name in names]
    for row in session.execute(select(*keys, *columns).where(among)).all():
        values = {
            column.name: words.scrubbed(row._mapping[column], words.everywhere)
            for column in columns
        }
        same = [key == row._mapping[key] for key in keys]
        session.execute(update(table).where(*same).values(**values))


def _holding(table: Table, names: Sequence[str], words: Words) -> ColumnElement[bool] | None:
    """Return what is true of rows that may hold one of the words; `None` without any word."""
    looked_for = [_holds(table.c[name], word) for name in names for word in words.everywhere]
    return or_(*looked_for) if looked_for else None


def _holds(column: Column[Any], word: str) -> Any:
    """Say in SQL whether the column may hold the word; JSON spells some signs otherwise."""
    if isinstance(column.type, JSON):
        spelled = json.dumps(word)[1:-1]
        return cast(column, Text).icontains(spelled, autoescape=True)
    assert isinstance(column.type, String)  # noqa: S101 - the inventory names texts only
    return column.icontains(word, autoescape=True)
