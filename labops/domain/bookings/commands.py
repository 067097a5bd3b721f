"""What one can ask of bookings, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from labops.domain.house_rules.values import LONGEST_POSSIBLE
from labops.kernel.errors import Invalid, Problem, Refused
from labops.kernel.idempotency import Keyed
from labops.kernel.interval import Interval

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
MOST_PEOPLE = 500
MOST_FIELDS = 30
LONGEST_FIELD = 200
# The rules refuse what is longer than 30 days; beyond this they are not even asked.
LONGEST_LOOKED_AT = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A wish for machines (by slug) during a slot, all or none.

    `people` is how many come, the person included; `fields` what house rules want to be told. With
    `firm_uid` it is made under that firm's name and on its plan.
    """

    machines: tuple[str, ...]
    slot: Interval
    note: str = ""
    override_reason: str = ""
    keyed: Keyed | None = None
    walk_in: bool = False
    for_person_uid: str | None = None
    firm_uid: str = ""
    people: int = 1
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _refuse_unthinkable(self.slot)
        if not 1 <= self.people <= MOST_PEOPLE:
            raise Invalid.field("people", "field.out-of-range", lowest=1, highest=MOST_PEOPLE)
        if len(self.fields) > MOST_FIELDS or any(
            len(name) > LONGEST_FIELD or len(said) > LONGEST_FIELD
            for name, said in self.fields.items()
        ):
            raise Invalid.field("fields", "field.too-long", longest=LONGEST_FIELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """New times or machines for a booking; what is `None` stays.

    `expected_sequence` is the revision the caller saw, when the caller says so.
    """

    uid: str
    slot: Interval | None = None
    machines: tuple[str, ...] | None = None
    override_reason: str = ""
    expected_sequence: int | None = None

    def __post_init__(self) -> None:
        if self.slot is not None:
            _refuse_unthinkable(self.slot)


def _refuse_unthinkable(slot: Interval) -> None:
    """Refuse a slot that no calendar holds, before anybody walks through the days of it.

    Raises `Invalid` for an instant that is centuries away, and `Refused` for years on end.
    """
    for name, at in (("starts_at", slot.starts_at), ("ends_at", slot.ends_at)):
        if not EARLIEST <= at <= LATEST:
            raise Invalid.field(
                name, "field.out-of-range", lowest=EARLIEST.date(), highest=LATEST.date()
            )
    if slot.length > LONGEST_LOOKED_AT:
        raise Refused([Problem("booking.too-long", {"longest": LONGEST_POSSIBLE})])
