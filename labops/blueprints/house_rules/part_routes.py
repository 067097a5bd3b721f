"""The page of one card: its plain keys in a form, and its entries in lists."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import Form

from labops.blueprints.access import requires
from labops.blueprints.house_rules import forms
from labops.blueprints.house_rules.base import Ground, at_level, drafted_ground
from labops.blueprints.house_rules.changes import reasons
from labops.blueprints.house_rules.entries import ENTRIES
from labops.blueprints.house_rules.levels import parts_of
from labops.blueprints.house_rules.parts import Part
from labops.blueprints.house_rules.saving import preview_page
from labops.blueprints.house_rules.words import entry_in_words
from labops.domain.house_rules.editing import SHAPES, Shape, entries_of, with_keys
from labops.domain.house_rules.queries import draft_problems
from labops.kernel.db import reading
from labops.kernel.errors import Problem
from labops.kernel.permissions import Permission


@at_level("/parts/<part>")
@at_level("/parts/<part>/changing", "POST")
@requires(Permission.RULES_EDIT)
def part(slug: str, level: str, of: str, part: str) -> ResponseReturnValue:
    """Show one card, with the changes that a form carries."""
    return _page(drafted_ground(slug, level, of), part)


@at_level("/parts/<part>", "POST")
@requires(Permission.RULES_EDIT)
def change_part(slug: str, level: str, of: str, part: str) -> ResponseReturnValue:
    """Take what was typed among the changes and say what they mean; nothing is saved."""
    ground = drafted_ground(slug, level, of)
    keys = _part(ground, part).keys
    form = forms.form_class(keys, ground.known)(request.form)
    said = forms.read(keys, form)
    if said is None:
        return _page(ground, part, form), 422
    data = with_keys(ground.data, said, [key.path for key in keys])
    problems = draft_problems(reading(), ground.site.id, ground.level, ground.key, data)
    if problems:
        here = [one for one in problems if not _elsewhere(one)]
        forms.put_problems(form, here, keys)
        form.form_errors += reasons(ground, tuple(filter(_elsewhere, problems)))
        return _page(ground, part, form), 422
    return preview_page(ground.with_draft(data))


def _elsewhere(problem: Problem) -> bool:
    return str(problem.params.get("field", "")).startswith("machines.")


def _part(ground: Ground, name: str) -> Part:
    found = parts_of(ground).get(name)
    if found is None:
        abort(404)
    return found


def _page(ground: Ground, name: str, form: Form | None = None) -> str:
    found = _part(ground, name)
    if form is None:
        form = forms.filled(found.keys, ground.known, ground.data)
    return render_template(
        "house_rules/part.html",
        ground=ground,
        site=ground.site,
        part=found,
        name=name,
        form=form,
        keys=found.keys,
        hints=forms.hints(found.keys, ground.saying({})),
        lists=[_list(ground, kind) for kind in found.entries if _is_offered(ground, kind)],
    )


def _is_offered(ground: Ground, kind: str) -> bool:
    """Say whether the list is offered: what is added to other levels only where there are some."""
    return not (ground.is_site and kind.startswith("add_")) or kind in ground.data


def _list(ground: Ground, kind: str) -> dict[str, Any]:
    """Return what the page shows of one list: the level's own entries, and what may be done."""
    own = entries_of(ground.data, kind)
    field = kind.removeprefix("add_")
    inherited = () if kind != field else entries_of(ground.below, kind)
    return {
        "kind": kind,
        "form": ENTRIES[kind],
        "entries": [(one, entry_in_words(ground, one)) for one in own],
        "inherited": [entry_in_words(ground, one) for one in inherited],
        "said": kind in ground.data,
        "replaces": not ground.is_site and kind == field and kind != "timetables",
        "may_add": SHAPES[kind] is not Shape.SINGLE or not own,
    }
