"""What came of a scan, as a value that can be kept with it and given again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from labops.domain.visits.states import WELCOME, Act, Result
from labops.kernel.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a scan.

    `since` is from when on the person is in, `first_at` when the same code was used first;
    `conflict` says what would have stood against what happened without a connection, or what staff
    waved through. `replayed` says that this was known before.
    """

    act: Act
    result: Result
    at: datetime
    person_uid: str = ""
    name: str = ""
    language: str = ""
    visit_uid: str = ""
    booking_uid: str = ""
    since: datetime | None = None
    first_at: datetime | None = None
    problems: tuple[Problem, ...] = ()
    conflict: tuple[str, ...] = ()
    guests_left: int = 0
    replayed: bool = False

    @property
    def welcome(self) -> bool:
        """Say whether it went as wished, or had already."""
        return self.result in WELCOME


@dataclass(slots=True, kw_only=True)
class Found:
    """What was found out so far in one scan, inside its transaction."""

    result: Result
    problems: Sequence[Problem] = ()
    visit_id: int | None = None
    booking_id: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def kept(found: Found) -> dict[str, Any]:
    """Return what is written with the scan: JSON only."""
    detail = {name: _plain(value) for name, value in found.detail.items() if value}
    if found.problems:
        detail["problems"] = [
            {
                "code": one.code,
                "params": {name: _plain(value) for name, value in one.params.items()},
                "overridable": one.overridable,
                "fix": one.fix,
            }
            for one in found.problems
        ]
    return detail


def problems_of(detail: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return the problems that were written with a scan."""
    return tuple(
        Problem(
            one["code"],
            {name: _live(value) for name, value in one["params"].items()},
            one["overridable"],
            one["fix"],
        )
        for one in detail.get("problems", ())
    )


def instant_of(detail: Mapping[str, Any], name: str) -> datetime | None:
    """Return an instant that was written with a scan."""
    value = _live(detail.get(name))
    return value if isinstance(value, datetime) else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, tuple | list | frozenset | set):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int | float | bool | dict):
        return value
    return str(value)


def _live(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "instant" in value:
        return datetime.fromisoformat(value["instant"])
    if "day" in value:
        return date.fromisoformat(value["day"])
    if "seconds" in value:
        return timedelta(seconds=value["seconds"])
    return value
