"""What a file of members is made of: its cells, its columns, and what is to be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

CERTIFICATION = "certification:"  # before the slug of a machine type
# The fields of a member, as columns are called in the files that we write.
FIELDS = (
    "name",
    "surname",
    "email",
    "born_on",
    "phone",
    "emergency_name",
    "emergency_phone",
    "language",
    "member_from",
    "member_until",
    "plan",
    "groups",
)
MOST_LINES = 20_000


class OnDuplicate(StrEnum):
    """What to do with a line whose person is known already."""

    UPDATE = "update"
    SKIP = "skip"


class FoundBy(StrEnum):
    """How a line's person was found among those known."""

    NOBODY = ""
    EMAIL = "email"
    NAME = "name"  # and the date of birth


class Step(StrEnum):
    """What an import does with a line."""

    CREATE = "create"
    UPDATE = "update"
    NOTHING = "nothing"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file as a table of text. Rows come with the line they stand on; the heading is line 1."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """What to do with people who are known, by how they were found."""

    by_email: OnDuplicate = OnDuplicate.UPDATE
    by_name: OnDuplicate = OnDuplicate.UPDATE

    def of(self, found_by: FoundBy) -> OnDuplicate:
        """Return what is to be done with somebody found so."""
        return self.by_email if found_by is FoundBy.EMAIL else self.by_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One member of the file: the fields that its line fills in, each read and checked.

    `certifications` maps machine types to the last day, `None` for no end.
    """

    number: int
    fields: Mapping[str, Any]
    certifications: Mapping[str, date | None] = field(default_factory=dict)

    @property
    def email(self) -> str:
        """Return the address, or nothing."""
        return str(self.fields.get("email", ""))

    @property
    def name(self) -> str:
        """Return the name, or nothing."""
        return str(self.fields.get("name", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """A line and what an import does with it; `changes` are the fields that would differ."""

    line: Line
    step: Step
    found_by: FoundBy = FoundBy.NOBODY
    person_id: int | None = None
    person_name: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many people an import made, changed, left as they were, and skipped."""

    created: int
    updated: int
    unchanged: int
    skipped: int

    @classmethod
    def of(cls, plans: Sequence[PlannedLine]) -> Imported:
        """Count the steps."""
        steps = [plan.step for plan in plans]
        return cls(
            created=steps.count(Step.CREATE),
            updated=steps.count(Step.UPDATE),
            unchanged=steps.count(Step.NOTHING),
            skipped=steps.count(Step.SKIP),
        )
