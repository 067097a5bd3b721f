"""The whole level as text: for what is too rare for a form, with the line of each mistake."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from labops.blueprints.access import requires
from labops.blueprints.house_rules.base import LONGEST_TEXT, Ground, at_level, drafted_ground
from labops.blueprints.house_rules.changes import in_words
from labops.blueprints.house_rules.saving import preview_page
from labops.domain.house_rules.files import read_level, write_level
from labops.domain.house_rules.places import with_lines
from labops.domain.house_rules.queries import draft_problems
from labops.kernel.db import reading
from labops.kernel.errors import Invalid, Problem
from labops.kernel.permissions import Permission
from labops.kernel.text import without_controls


@dataclass(frozen=True, slots=True)
class WrongLine:
    """One mistake: its line (0: none of its own), the key and the sentence."""

    line: int
    place: str
    sentence: str


@at_level("/text")
@at_level("/text/changing", "POST")
@requires(Permission.RULES_EDIT)
def text(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Show the level as TOML, with the changes that a form carries."""
    ground = drafted_ground(slug, level, of)
    return text_page(ground, write_level(ground.data))


@at_level("/text", "POST")
@requires(Permission.RULES_EDIT)
def change_text(slug: str, level: str, of: str) -> ResponseReturnValue:
    """Take the text as what the level would say and say what it means; nothing is saved."""
    ground = drafted_ground(slug, level, of)
    typed = without_controls(request.form.get("text", "")).replace("\r\n", "\n")
    if len(typed) > LONGEST_TEXT:
        wrong = [WrongLine(0, "", _("This is too long."))]
        return text_page(ground, typed, wrong), 422
    try:
        data = read_level(typed)
    except Invalid as invalid:
        return text_page(ground, typed, wrong_lines(ground, invalid.problems)), 422
    problems = draft_problems(reading(), ground.site.id, ground.level, ground.key, data)
    if problems:
        return text_page(ground, typed, wrong_lines(ground, with_lines(problems, typed))), 422
    return preview_page(ground.with_draft(data))


def wrong_lines(ground: Ground, problems: tuple[Problem, ...]) -> list[WrongLine]:
    """Return the mistakes by line; what only another level contradicts has no line."""
    found = []
    for problem in problems:
        place = str(problem.params.get("field", ""))
        elsewhere = place.startswith("machines.")
        line = 0 if elsewhere else int(problem.params.get("line", 0))
        found.append(WrongLine(line, "" if elsewhere else place, in_words(ground, problem)))
    return sorted(set(found), key=lambda one: (one.line, one.place))


def text_page(ground: Ground, typed: str, wrong: list[WrongLine] | None = None) -> str:
    """Return the page with the text as it was typed."""
    return render_template(
        "house_rules/text.html", ground=ground, site=ground.site, typed=typed, wrong=wrong or []
    )
