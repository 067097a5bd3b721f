"""Forms made of keys: filled from data, read back into data, with errors at their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from flask import g
from flask_babel import gettext as _
from wtforms import Form

from labops.blueprints import formats
from labops.blueprints.house_rules.entry_limits import AMOUNT
from labops.blueprints.house_rules.kinds import SILENT, Key, Known
from labops.blueprints.house_rules.labels import APPROVAL, LATE_CANCEL, UNITS
from labops.blueprints.limits_in_words import listed
from labops.blueprints.messages import sentence_for
from labops.domain.house_rules.limits import Unit
from labops.domain.house_rules.reading import readers
from labops.domain.house_rules.shape import LONGEST_POSSIBLE, NO_GRID, NO_HORIZON, HouseRules
from labops.domain.house_rules.timetables import Timetable, write_minute
from labops.kernel.errors import Problem

_CLOCKS = {"notice_until", "horizon_opens", "cancel_until"}
_NAMED = {*_CLOCKS, "open_hours", "staffed_hours", "approval_outside"}
_CHOICES = {str(one): name for words in (APPROVAL, LATE_CANCEL) for one, name in words.items()}


def form_class(keys: Sequence[Key], known: Known) -> type[Form]:
    """Return the form of these keys."""
    fields: dict[str, Any] = {}
    for key in keys:
        fields |= key.kind.fields(key, known)
    return type("RulesForm", (Form,), fields)


def filled(keys: Sequence[Key], known: Known, data: Mapping[str, Any]) -> Form:
    """Return the form that shows the data."""
    values: dict[str, Any] = {}
    for key in keys:
        value = _at(_with_amount(data), key.path.split("."))
        if value is not SILENT:
            values |= key.kind.filled(key, value)
    return form_class(keys, known_with(known, data))(data=values)


def known_with(known: Known, data: Mapping[str, Any]) -> Known:
    """Return what can be chosen, with what the data names although it is gone."""
    return replace(
        known,
        categories=_and_gone(known.categories, data.get("categories", ())),
        machines=_and_gone(known.machines, data.get("machines", ())),
    )


def read(keys: Sequence[Key], form: Form) -> dict[str, Any] | None:
    """Return what the form says as data, or `None` after saying at each field what is wrong."""
    valid = form.validate()
    data: dict[str, Any] = {}
    for key in keys:
        if not any(form[name].errors for name in key.kind.fields(key, Known())):
            value = key.kind.read(key, form)
            if value is not SILENT:
                _put(data, key.path.split("."), value)
    if not valid or form.errors:
        return None
    if amount := data.pop(AMOUNT, None):
        unit, number = amount
        data = {str(unit): number, **data}
    return data


def put_problems(
    form: Form, problems: Iterable[Problem], keys: Sequence[Key], at: str = ""
) -> None:
    """Put each problem's sentence at the field that it is about, or else above all fields.

    `at` is the place of the entry in the level (`quotas[2]`), which the problems name first.
    """
    for problem in problems:
        place = str(problem.params.get("field", ""))
        inner = place.removeprefix(at).lstrip(".") if at else place
        name = inner.partition("[")[0].replace(".", "__")
        if problem.code == "rules.one-of":
            sentence = _one_of(str(problem.params["choices"]), keys)
        elif problem.code == "rules.missing" and name in form:
            sentence = str(_("This field must be filled in."))
        else:
            sentence = sentence_for(problem, g.get("zone"))
        if name in form and inner:
            form[name].errors = [*form[name].errors, sentence]
        elif sentence not in form.form_errors:
            form.form_errors.append(sentence)


def hints(keys: Sequence[Key], inherited: HouseRules) -> dict[str, str]:
    """Return in words what holds where a field is left empty, by field."""
    by_key = readers({})
    return {
        key.field: str(
            _(
                "Empty means: %(value)s.",
                value=_value_in_words(key.path, getattr(inherited, by_key[key.path][0])),
            )
        )
        for key in keys
        if key.path in by_key
    }


def _value_in_words(key: str, value: Any) -> str:  # noqa: PLR0911 - one line for each type
    if value == () or (value is None and key in _NAMED):
        return str(_("none"))
    if value is None or value in (LONGEST_POSSIBLE, NO_HORIZON):
        return str(_("no limit"))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, timedelta):
        return str(_("no steps")) if value == NO_GRID else formats.duration(value)
    if isinstance(value, Timetable):
        return value.name
    if isinstance(value, StrEnum):
        return str(_CHOICES[str(value)])
    if isinstance(value, tuple):
        return listed(_item_in_words(one, key) for one in value)
    return write_minute(value) if key in _CLOCKS else str(value)


def _item_in_words(value: Any, key: str) -> str:
    if key == "working_days":
        return formats.weekday(value)
    if isinstance(value, timedelta):
        return formats.duration(value)
    if isinstance(value, str):
        return value
    return f"{value.first}/{value.last}"


def _one_of(choices: str, keys: Sequence[Key]) -> str:
    """Return that one of some keys is needed, by the names that the form has for them."""
    labels = {key.path: str(key.label) for key in keys}
    units = {str(unit): str(name) for unit, name in UNITS.items()} | {"hours": ""}
    if any(key.path == AMOUNT for key in keys):
        names = [units.get(name, name) for name in choices.split(", ")]
        return str(_("This can only be counted in: %(units)s.", units=listed(filter(None, names))))
    names = [f"“{labels.get(name, name)}”" for name in choices.split(", ")]
    return str(_("Fill in exactly one of: %(names)s.", names=listed(names)))


def _with_amount(data: Mapping[str, Any]) -> Mapping[str, Any]:
    unit = next((unit for unit in Unit if str(unit) in data), None)
    return data if unit is None else {**data, AMOUNT: (unit, data[str(unit)])}


def _at(data: Any, path: Sequence[str]) -> Any:
    for part in path:
        if not isinstance(data, Mapping) or part not in data:
            return SILENT
        data = data[part]
    return data


def _put(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {})
    data[path[-1]] = value


def _and_gone(
    choices: tuple[tuple[str, str], ...], kept: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    names = {slug for slug, _name in choices}
    return (*choices, *((slug, slug) for slug in kept if slug not in names))
