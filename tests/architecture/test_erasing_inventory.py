"""Nothing that may tell of a person is forgotten when she is erased."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sqlalchemy import JSON, Column, Date, LargeBinary, String, Table

from labops.domain.erasure.inventory import IMPERSONAL, INVENTORY, Treatment
from labops.domain.tables import METADATA

PEOPLE = {"person", "account"}


def refers_to_people(column: Column[object]) -> bool:
    """Say whether the column leads to a person or an account, also without a foreign key."""
    named = column.name.endswith(("person_id", "account_id"))
    return named or any(key.column.table.name in PEOPLE for key in column.foreign_keys)


def telling(table: Table) -> Iterator[str]:
    """Yield the columns of a table that may tell of somebody: words, days, references."""
    for column in table.columns:
        words = isinstance(column.type, String | JSON | Date | LargeBinary)
        if refers_to_people(column) or words:
            yield column.name


def test_every_column_that_may_tell_of_a_person_says_what_erasing_does() -> None:
    silent = []
    for table in METADATA.sorted_tables:
        if table.name in IMPERSONAL:
            silent += [f"{table.name}.{c.name}" for c in table.columns if refers_to_people(c)]
            continue
        entry = INVENTORY.get(table.name)
        if entry is None:
            silent.append(table.name)
        elif not entry.goes:
            said = {*entry.columns, *entry.plain}
            silent += [f"{table.name}.{name}" for name in telling(table) if name not in said]
    assert silent == []


def test_the_inventory_names_only_what_there_is_and_says_why_it_stays() -> None:
    tables = METADATA.tables
    assert {*IMPERSONAL, *INVENTORY} == set(tables)
    assert not set(IMPERSONAL) & set(INVENTORY)
    for name, entry in INVENTORY.items():
        assert {*entry.columns, *entry.plain} <= set(tables[name].columns.keys()), name
        assert not set(entry.columns) & set(entry.plain), name
        assert entry.whose or not entry.goes, name
        for column, rule in entry.columns.items():
            assert bool(rule.why) == (rule.treatment is Treatment.KEEP), f"{name}.{column}"
            hers = rule.treatment in {Treatment.EMPTY, Treatment.PSEUDONYM}
            assert entry.whose or not hers, f"{name}.{column}"
        for column in entry.plain:
            assert not refers_to_people(tables[name].c[column]), f"{name}.{column}"


def test_every_way_to_a_person_ends_at_her() -> None:
    for name, entry in INVENTORY.items():
        for way in entry.whose:
            steps = [f"{name}.{way}".split(">")[0], *way.split(">")[1:]]
            places = [METADATA.tables[t].c[c] for t, c in (step.split(".") for step in steps)]
            for column, following in pairwise(places):
                assert following.table in {key.column.table for key in column.foreign_keys}, way
            end = places[-1]
            assert refers_to_people(end) or (end.table.name, end.name) == ("person", "id"), way
