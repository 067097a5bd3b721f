"""What a change means: before and after, in words and in the lines of the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import Any

from flask import g
from flask_babel import gettext as _

from labops.blueprints.house_rules.base import Ground
from labops.blueprints.house_rules.parts import PARTS
from labops.blueprints.messages import sentence_for
from labops.blueprints.rules_in_words import groups_in_words
from labops.domain.house_rules.files import write_level
from labops.domain.house_rules.values import HouseRules
from labops.kernel.errors import Invalid, Problem


@dataclass(frozen=True, slots=True)
class Group:
    """What changes under one heading: sentences that no longer hold, and those that will."""

    title: str
    gone: list[str]
    new: list[str]


@dataclass(frozen=True, slots=True)
class Changes:
    """All that changes. `lines` are those of the file, the first sign says gone or new.

    `readable` is false when what was said once cannot be read as rules today.
    """

    groups: list[Group]
    lines: list[str]
    readable: bool = True


def changes(
    ground: Ground,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    below: Mapping[str, Any] | None = None,
) -> Changes:
    """Return what is different when the level says the one instead of the other.

    `below` is what the levels below would say then, where that changes too.
    """
    lines = list(
        unified_diff(
            write_level(before).splitlines(), write_level(after).splitlines(), lineterm="", n=1
        )
    )[2:]
    lines = [line for line in lines if not line.startswith("@@")]
    try:
        later = ground if below is None else replace(ground, below=below)
        found = grouped(ground.saying(before), later.saying(after))
    except Invalid:
        return Changes([], lines, readable=False)
    return Changes(found, lines)


def grouped(before: HouseRules, after: HouseRules) -> list[Group]:
    """Return the headings under which the sentences differ."""
    old, new = groups_in_words(before), groups_in_words(after)
    found = [
        Group(
            title=str(PARTS[name].title),
            gone=[sentence for sentence in old[name] if sentence not in new[name]],
            new=[sentence for sentence in new[name] if sentence not in old[name]],
        )
        for name in new
    ]
    return [group for group in found if group.gone or group.new]


def in_words(ground: Ground, problem: Problem) -> str:
    """Return why a level cannot say this, with the machine whose rules would contradict."""
    sentence = sentence_for(problem, g.get("zone"))
    place = str(problem.params.get("field", ""))
    if not place.startswith("machines."):
        return sentence
    slug = place.split(".")[1].strip('"')
    name = next((m.name for m in ground.machines if m.slug == slug), slug)
    return str(
        _(
            "This does not fit together with the rules of %(name)s: %(why)s",
            name=name,
            why=sentence,
        )
    )


def reasons(ground: Ground, problems: tuple[Problem, ...]) -> list[str]:
    """Return the problems in words; of those of many machines only the first of each kind."""
    first: dict[tuple[str, bool], str] = {}
    for problem in problems:
        elsewhere = str(problem.params.get("field", "")).startswith("machines.")
        said = in_words(ground, problem)
        first.setdefault((problem.code if elsewhere else said, elsewhere), said)
    return list(first.values())
