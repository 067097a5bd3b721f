"""When a lab is on the list, as the history of its case says: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from labops.domain.applications.history import Entry
from labops.domain.applications.states import Action

ONE_DAY = timedelta(days=1)
_ENDS = frozenset({Action.SUSPEND, Action.EXPIRE, Action.REMOVE, Action.LEAVE})
# Whatever else is done leaves the list as it is.
MOVES = _ENDS | {Action.QUALIFY, Action.RENEW, Action.REINSTATE}


@dataclass(frozen=True, slots=True)
class Place:
    """A span on the list, both days included, and the act it rests on."""

    starts_on: date
    ends_on: date
    valid_from: date
    valid_to: date


def places(entries: Iterable[Entry]) -> list[Place]:
    """Return the spans on the list, in order and without overlap."""
    found: list[Place] = []
    act: tuple[date, date] | None = None
    for entry in entries:
        if entry.action in {Action.QUALIFY, Action.RENEW}:
            act = (
                date.fromisoformat(entry.detail["valid_from"]),
                date.fromisoformat(entry.detail["valid_to"]),
            )
            found = [*_until(found, act[0] - ONE_DAY), Place(*act, *act)]
        elif entry.action in _ENDS:
            found = _until(found, entry.on - ONE_DAY)
        elif entry.action is Action.REINSTATE and act is not None and entry.on <= act[1]:
            found.append(Place(max(entry.on, act[0]), act[1], *act))
    return found


def _until(spans: list[Place], last: date) -> list[Place]:
    return [
        replace(each, ends_on=min(each.ends_on, last)) for each in spans if each.starts_on <= last
    ]
