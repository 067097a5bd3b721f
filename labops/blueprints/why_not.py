"""Every rule and what it says to a wish: the names by which pages tell them apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l

from labops.blueprints.messages import sentence_for
from labops.domain.bookings.policies import Explained
from labops.kernel.errors import Problem

RULE_NAMES: dict[str, Any] = {
    "fields": _l("What must be said"),
    "grid": _l("Steps of start and length"),
    "shortest": _l("Shortest booking"),
    "longest": _l("Longest booking"),
    "free": _l("Free at that time"),
    "past": _l("Still to come"),
    "gap": _l("Time between your bookings"),
    "opening": _l("Opening hours"),
    "overnight": _l("Hours of bookings over night"),
    "staffed": _l("While staff are there"),
    "audience": _l("Hours for everybody"),
    "closed": _l("No closure"),
    "people-inside": _l("Room for people"),
    "notice": _l("Notice"),
    "horizon": _l("Days that one may book ahead"),
    "one-at-a-time": _l("Machines at the same time"),
    "quota": _l("Quota"),
    "run": _l("Days in a row"),
    "open-bookings": _l("Bookings still to come"),
    "next": _l("One booking after the other"),
    "moving": _l("Moved in time"),
    "approval": _l("Staff agree"),
    "waiver": _l("Signed waiver"),
    "certification": _l("Certification"),
    "member": _l("Membership"),
    "suspended": _l("Not suspended"),
    "restriction": _l("No restriction"),
    "youngest": _l("Old enough"),
    "oldest": _l("Young enough"),
    "in-service": _l("In service"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule in words; `sentence` is empty when it passed."""

    rule: str
    name: str
    passed: bool
    approval: bool
    sentence: str
    problem: Problem
    fix_url: str = ""
    fix_label: str = ""


def lines_of(
    found: tuple[Explained, ...],
    zone: ZoneInfo | None = None,
    step: Callable[[Problem], tuple[str, str]] = lambda _problem: ("", ""),
) -> list[Line]:
    """Return what every rule found, in the order given, in the reader's language.

    `step` says where a failed rule is solved. What two rules say in the same words stands once.
    """
    lines: dict[tuple[str, str, str], Line] = {}
    for one in found:
        sentence = "" if one.passed else sentence_for(one.problem, zone)
        url, label = ("", "") if one.passed else step(one.problem)
        machine = str(one.problem.params.get("machine", ""))
        line = Line(
            rule=one.rule,
            name=str(RULE_NAMES[one.rule]),
            passed=one.passed,
            approval=one.approval,
            sentence=sentence,
            problem=one.problem,
            fix_url=url,
            fix_label=label,
        )
        lines.setdefault((one.rule, machine, sentence), line)
    return list(lines.values())
