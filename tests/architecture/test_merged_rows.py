"""Whoever adds a column that refers to a person says what merging two accounts does to it."""

from __future__ import annotations

from labops.domain import tables
from labops.domain.people.merged_rows import MERGED, Moves, references


def test_every_column_that_refers_to_a_person_has_a_fate() -> None:
    assert tables.METADATA.tables
    assert sorted(MERGED) == sorted(references())


def test_keys_that_name_a_person_say_what_gives_way() -> None:
    """A row that moves could meet one of the same key: then one of the two must give way."""
    for name, column in references().items():
        keys = [{one.name for one in column.table.primary_key}]
        keys += [
            {one.name for one in index.columns} for index in column.table.indexes if index.unique
        ]
        keys += [
            {one.name for one in constraint.columns}
            for constraint in column.table.constraints
            if type(constraint).__name__ == "UniqueConstraint"
        ]
        shared = [key - {column.name} for key in keys if column.name in key]
        fate = MERGED[name]
        if isinstance(fate, Moves):
            assert [set(fate.one_by)] * bool(shared) == shared[:1], name
