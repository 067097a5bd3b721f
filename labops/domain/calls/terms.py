"""The terms and counts of a call: data of it, with what is usual and how far each may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from labops.kernel.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Days, months and counts. Days are calendar days, and terms end on working days."""

    review_days: int = 30
    extended_days: int = 90
    supplement_days: int = 10
    most_supplements: int = 1
    notice_days: int = 10
    resume_days: int = 10
    valid_months: int = 24
    first_reminder_days: int = 60
    second_reminder_days: int = 30
    renewal_days: int = 30
    change_days: int = 30
    removal_days: int = 10
    alert_days: int = 5
    fewest_families: int = 3


BOUNDS: Mapping[str, tuple[int, int]] = {
    "review_days": (1, 365),
    "extended_days": (1, 730),
    "supplement_days": (1, 90),
    "most_supplements": (0, 10),
    "notice_days": (1, 90),
    "resume_days": (0, 90),
    "valid_months": (1, 120),
    "first_reminder_days": (1, 365),
    "second_reminder_days": (1, 365),
    "renewal_days": (1, 365),
    "change_days": (1, 365),
    "removal_days": (1, 90),
    "alert_days": (0, 60),
    "fewest_families": (0, 20),
}


def read_terms(data: Mapping[str, Any]) -> Terms:
    """Return the terms that a call was saved with; what it does not know is usual."""
    known = {each.name for each in fields(Terms)}
    return Terms(**{name: int(value) for name, value in data.items() if name in known})


def problems_of(terms: Terms) -> list[Problem]:
    """Return what is out of range, and terms that contradict each other."""
    wrong = []
    for name, (lowest, highest) in BOUNDS.items():
        if not lowest <= getattr(terms, name) <= highest:
            params = {"field": name, "lowest": lowest, "highest": highest}
            wrong.append(Problem("field.out-of-range", params))
    for later, sooner in (
        ("extended_days", "review_days"),
        ("first_reminder_days", "second_reminder_days"),
    ):
        least = getattr(terms, sooner)
        if not wrong and getattr(terms, later) < least:
            params = {"field": later, "lowest": least, "highest": BOUNDS[later][1]}
            wrong.append(Problem("field.out-of-range", params))
    return wrong


def written(terms: Terms) -> dict[str, int]:
    """Return the terms as a call keeps them."""
    return asdict(terms)
