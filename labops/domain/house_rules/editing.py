"""What one level says, changed piece by piece. Pure: data in, new data out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from labops.domain.house_rules import entries
from labops.domain.house_rules.entries import Timetables
from labops.domain.house_rules.reading import readers
from labops.domain.house_rules.shape import HouseRules
from labops.domain.house_rules.writing import write_rules, write_timetable
from labops.kernel.errors import NotFound

Data = Mapping[str, Any]
NEW = "new"
TIMETABLES = "timetables"


class Shape(StrEnum):
    """How a key keeps its entries: one after another, by name, or only one."""

    LIST = "list"
    TABLE = "table"
    SINGLE = "single"


# Every key that holds entries with keys of their own.
SHAPES: Mapping[str, Shape] = {
    "timetables": Shape.TABLE,
    "sessions": Shape.TABLE,
    "overnight": Shape.SINGLE,
    "releases": Shape.LIST,
    "audiences": Shape.LIST,
    "quotas": Shape.LIST,
    "add_quotas": Shape.LIST,
    "limits": Shape.LIST,
    "add_limits": Shape.LIST,
    "late_charges": Shape.LIST,
    "strikes": Shape.SINGLE,
    "fields": Shape.LIST,
    "prices": Shape.LIST,
}
_EMPTY: Mapping[Shape, Any] = {Shape.LIST: [], Shape.TABLE: {}, Shape.SINGLE: {}}
# Where a timetable is named: keys of a level, and keys of the entries of its lists.
_NAMING = ("open_hours", "staffed_hours", "approval_outside")
_BINDING = ("during", "outside")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a key: `which` counts from 1 in a list, is a name in a table."""

    kind: str
    which: str
    value: Any


def entries_of(data: Data, kind: str) -> tuple[Entry, ...]:
    """Return the entries that the level itself has under a key."""
    value = data.get(kind)
    if not value:
        return ()
    if SHAPES[kind] is Shape.LIST:
        return tuple(Entry(kind, str(number), one) for number, one in enumerate(value, 1))
    if SHAPES[kind] is Shape.TABLE:
        return tuple(Entry(kind, name, one) for name, one in value.items())
    return (Entry(kind, "1", value),)


def entry_at(data: Data, kind: str, which: str) -> Entry:
    """Return one entry; raises `NotFound` when the level has no such one."""
    for entry in entries_of(data, kind):
        if entry.which == which:
            return entry
    raise NotFound


def with_keys(data: Data, said: Data, keys: Iterable[str]) -> dict[str, Any]:
    """Return the level with these keys as said; those of them that are not said are gone."""
    asked = set(keys)
    kept = {key: value for key, value in data.items() if key not in asked or key in said}
    return {**kept, **said}


def with_entry(data: Data, kind: str, which: str, value: Any, *, name: str = "") -> dict[str, Any]:
    """Return the level with the entry put in place of `which`, or added when that is `new`.

    A timetable that gets another name is called by it wherever the level names it.
    """
    if which != NEW:
        entry_at(data, kind, which)
    shape = SHAPES[kind]
    if shape is Shape.SINGLE:
        return {**data, kind: value}
    if shape is Shape.LIST:
        listed = [one.value for one in entries_of(data, kind)]
        if which == NEW:
            listed.append(value)
        else:
            listed[int(which) - 1] = value
        return {**data, kind: listed}
    table = {name if old == which else old: one for old, one in data.get(kind, {}).items()}
    changed = {**data, kind: {**table, name: value}}
    return _renamed(changed, which, name) if kind == TIMETABLES and which != NEW else changed


def without_entry(data: Data, kind: str, which: str) -> dict[str, Any]:
    """Return the level without the entry; the last one takes its key away with it."""
    entry = entry_at(data, kind, which)
    left = [one for one in entries_of(data, kind) if one != entry]
    if not left:
        return {key: value for key, value in data.items() if key != kind}
    if SHAPES[kind] is Shape.LIST:
        return {**data, kind: [one.value for one in left]}
    return {**data, kind: {one.which: one.value for one in left}}


def emptied(data: Data, kind: str) -> dict[str, Any]:
    """Return the level saying that there are none, whatever the levels below say."""
    return {**data, kind: _EMPTY[SHAPES[kind]]}


def silent_about(data: Data, kind: str) -> dict[str, Any]:
    """Return the level without a word about the key."""
    return {key: value for key, value in data.items() if key != kind}


def canonical(kind: str, value: Any, timetables: Timetables, *, name: str = "") -> Any:
    """Return the entry as we write it: one spelling for one meaning. Raises `Wrong`."""
    if kind == TIMETABLES:
        return write_timetable(entries.timetable(name, value))
    shape = SHAPES[kind]
    field, read = readers(timetables)[kind]
    wrapped = {Shape.LIST: [value], Shape.TABLE: {name: value}, Shape.SINGLE: value}[shape]
    found: Any = read(wrapped)
    written: Any = write_rules(replace(HouseRules(), **{field: found}))[field]
    if shape is Shape.SINGLE:
        return written
    (only,) = written if shape is Shape.LIST else written.values()
    return only


def _renamed(data: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    changed: dict[str, Any] = {
        key: new if key in _NAMING and value == old else value for key, value in data.items()
    }
    for kind, shape in SHAPES.items():
        if shape is Shape.LIST and changed.get(kind):
            changed[kind] = [
                {key: new if key in _BINDING and v == old else v for key, v in one.items()}
                for one in changed[kind]
            ]
    return changed
