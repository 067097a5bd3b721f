"""Kinds of values that take several fields: the hours of a week, an amount and its unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form, validators

from labops.blueprints.house_rules.choices import one_of
from labops.blueprints.house_rules.fields import DayHours, weekday_choices
from labops.blueprints.house_rules.kinds import SILENT, Key, Kind, Known, of_minutes, usual
from labops.blueprints.sites.fields import Words, read_length, read_whole, written_length
from labops.blueprints.sites.words import minutes
from labops.domain.house_rules.limits import Unit
from labops.domain.house_rules.timetables import WEEKDAYS, Span, read_hours, write_hours


class Hours(Kind):
    """The hours of a week: a field for each weekday, named `hours_0` (Monday) to `hours_6`."""

    def fields(self, key: Key, known: Known) -> dict[str, Any]:
        """Return a field for each day."""
        del known
        return {
            f"{key.field}_{day}": DayHours(name, [validators.Optional()])
            for day, (_short, name) in enumerate(weekday_choices())
        }

    def filled(self, key: Key, value: Any) -> dict[str, Any]:
        """Return the spans of each day."""
        lines = [value] if isinstance(value, str) else value
        spans = sorted({span for line in lines for span in read_hours(line)})
        return {
            f"{key.field}_{day}": [(start, end) for on, start, end in spans if on == day]
            for day in range(len(WEEKDAYS))
        }

    def read(self, key: Key, form: Form) -> Any:
        """Return the week as lines of text."""
        spans: set[Span] = set()
        for day in range(len(WEEKDAYS)):
            spans |= {(day, start, end) for start, end in form[f"{key.field}_{day}"].data or ()}
        return write_hours(spans)


HOURS = Hours()


class Amount(Kind):
    """How much: a text, read as a length of time or as a number, and what it counts."""

    def __init__(self, units: Mapping[Unit, Any]) -> None:
        self._units = units

    def fields(self, key: Key, known: Known) -> dict[str, Any]:
        """Return the text and the list of units."""
        unit = one_of(self._units).make(Key(path="unit", kind=self, label=_l("Of")), known)
        amount = Words(**{**usual(key), "label": _l("How much")})
        return {key.field: amount, f"{key.field}_unit": unit}

    def filled(self, key: Key, value: Any) -> dict[str, Any]:
        """Return the amount as one would type it."""
        unit, amount = value
        shown = written_length(of_minutes(amount)) if unit is Unit.MINUTES else str(amount)
        return {key.field: shown, f"{key.field}_unit": str(unit)}

    def read(self, key: Key, form: Form) -> Any:
        """Return `(unit, number)`; lengths of time in minutes."""
        text, chosen = form[key.field], form[f"{key.field}_unit"].data
        if not text.data or chosen not in set(map(str, self._units)):
            return SILENT
        unit = Unit(chosen)
        try:
            if unit is Unit.MINUTES:
                return unit, minutes(read_length(text.data))
            return unit, read_whole(text.data)
        except ValueError as error:
            text.errors = [str(error)]
            return SILENT
