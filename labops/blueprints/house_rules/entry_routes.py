"""The pages of single entries: a quota, a timetable, a price. Each has a small form of its own."""

from __future__ import annotations

from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints.access import requires
from labops.blueprints.house_rules import forms
from labops.blueprints.house_rules.base import Ground, at_level, drafted_ground
from labops.blueprints.house_rules.changes import reasons
from labops.blueprints.house_rules.entries import ENTRIES, EntryForm
from labops.blueprints.house_rules.parts import PARTS
from labops.blueprints.house_rules.saving import preview_page
from labops.domain.house_rules import editing
from labops.domain.house_rules.atoms import Wrong
from labops.domain.house_rules.editing import NEW, SHAPES, Shape
from labops.domain.house_rules.queries import draft_problems
from labops.kernel.db import reading
from labops.kernel.errors import NotFound, Problem
from labops.kernel.permissions import Permission

# What takes a list away: with it, what the levels below say holds; or there are none at all.
_AS_BELOW = "as-below"
_NONE = "none"


@at_level("/entries/<kind>/<which>")
@at_level("/entries/<kind>/<which>/changing", "POST")
@requires(Permission.RULES_EDIT)
def entry(slug: str, level: str, of: str, kind: str, which: str) -> ResponseReturnValue:
    """Show the form of one entry or of a new one, with the changes that a form carries."""
    return _page(drafted_ground(slug, level, of), kind, which)


@at_level("/entries/<kind>/<which>", "POST")
@requires(Permission.RULES_EDIT)
def change_entry(slug: str, level: str, of: str, kind: str, which: str) -> ResponseReturnValue:
    """Take the entry among the changes and say what they mean; nothing is saved."""
    ground = drafted_ground(slug, level, of)
    keys = _form_of(kind).keys
    known = forms.known_with(ground.known, _shown(ground, kind, which))
    form = forms.form_class(keys, known)(request.form)
    said = forms.read(keys, form)
    if said is None:
        return _page(ground, kind, which, form), 422
    name = str(said.pop("name", "")).strip() if SHAPES[kind] is Shape.TABLE else ""
    if name and name != which and name in ground.data.get(kind, {}):
        form["name"].errors = [_("There is one of this name already.")]
        return _page(ground, kind, which, form), 422
    try:
        body = said["hours"] if kind == "sessions" else said
        value = editing.canonical(kind, body, ground.timetables, name=name)
    except Wrong as wrong:
        forms.put_problems(form, _inside(wrong, kind, name), keys)
        return _page(ground, kind, which, form), 422
    data = editing.with_entry(ground.data, kind, which, value, name=name)
    problems = draft_problems(reading(), ground.site.id, ground.level, ground.key, data)
    if problems:
        form.form_errors += reasons(ground, problems)
        return _page(ground, kind, which, form), 422
    return preview_page(ground.with_draft(data))


@at_level("/entries/<kind>/<which>/remove", "POST")
@requires(Permission.RULES_EDIT)
def remove_entry(slug: str, level: str, of: str, kind: str, which: str) -> ResponseReturnValue:
    """Take the entry, or all of them, out of the changes; nothing is saved."""
    ground = drafted_ground(slug, level, of)
    _form_of(kind)
    if which == _NONE:
        data = editing.emptied(ground.data, kind)
    elif which == _AS_BELOW:
        data = editing.silent_about(ground.data, kind)
    else:
        data = editing.without_entry(ground.data, kind, which)
    problems = draft_problems(reading(), ground.site.id, ground.level, ground.key, data)
    if problems:
        return preview_page(ground, problems=reasons(ground, problems)), 422
    return preview_page(ground.with_draft(data))


def _inside(wrong: Wrong, kind: str, name: str) -> tuple[Problem, ...]:
    """Return the problems by their place in the entry itself."""
    if kind == editing.TIMETABLES or SHAPES[kind] is Shape.SINGLE:
        return wrong.at("")
    place = "[1]" if SHAPES[kind] is Shape.LIST else name
    return tuple(
        Problem(
            one.code,
            {
                **one.params,
                "field": str(one.params.get("field", "")).removeprefix(place).lstrip("."),
            },
        )
        for one in wrong.problems
    )


def _form_of(kind: str) -> EntryForm:
    if kind not in ENTRIES:
        abort(404)
    return ENTRIES[kind]


def _shown(ground: Ground, kind: str, which: str) -> dict[str, Any]:
    """Return the entry as its form shows it; raises `NotFound`."""
    if which == NEW:
        return {}
    value = editing.entry_at(ground.data, kind, which).value
    if SHAPES[kind] is not Shape.TABLE:
        return dict(editing.canonical(kind, value, ground.timetables))
    shown = editing.canonical(kind, value, ground.timetables, name=which)
    shown = shown if isinstance(shown, dict) else {"hours": shown}
    return {"name": which, **shown}


def _page(ground: Ground, kind: str, which: str, form: Form | None = None) -> str:
    found = _form_of(kind)
    try:
        shown = _shown(ground, kind, which)
    except Wrong as wrong:
        raise NotFound from wrong
    if form is None:
        form = forms.filled(found.keys, ground.known, shown)
    part = next(name for name, part in PARTS.items() if kind in part.entries)
    return render_template(
        "house_rules/entry.html",
        ground=ground,
        site=ground.site,
        kind=kind,
        which=which,
        entry=found,
        form=form,
        part=part,
        is_new=which == NEW,
        conditions_open=any(
            form[name].data or form[name].errors
            for key in found.keys
            if key.condition and key.path != "beyond"
            for name in key.kind.fields(key, ground.known)
        ),
    )
