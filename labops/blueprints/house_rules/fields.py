"""Form fields for what house rules are written with: times of day, lists, hours, money."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from wtforms import SelectMultipleField, TextAreaField, ValidationError, widgets

from labops.blueprints import formats
from labops.blueprints.sites.fields import Typed, read_length, written_length
from labops.domain.house_rules.timetables import (
    DAY,
    WEEKDAYS,
    read_clock,
    read_hours,
    write_minute,
)
from labops.kernel.text import without_controls

NOTHING = {"-", "–"}
_COMMAS = re.compile(r"[,;\n]")


class Clock(Typed):
    """A time of the day; where `can_be_off`, a dash switches the rule off (an empty text)."""

    def __init__(self, *args: Any, can_be_off: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.can_be_off = can_be_off

    def read(self, text: str) -> str:
        """Return "17:30"."""
        if self.can_be_off and text in NOTHING:
            return ""
        try:
            return write_minute(read_clock(text))
        except ValueError as error:
            raise ValueError(_("Write a time of day, such as 17:30.")) from error

    def written(self, value: Any) -> str:
        """Return it as one would type it."""
        return str(value) or "-"


class Lengths(Typed):
    """Several lengths of time, with commas between them; a dash means none."""

    def read(self, text: str) -> list[timedelta]:
        """Return each length."""
        if text in NOTHING:
            return []
        return [read_length(part) for part in map(str.strip, text.split(",")) if part]

    def written(self, value: list[timedelta]) -> str:
        """Return them as one would type them."""
        return ", ".join(map(written_length, value)) or "-"


class Names(Typed):
    """Several short names, with commas between them; a dash means none."""

    def read(self, text: str) -> list[str]:
        """Return each name."""
        if text in NOTHING:
            return []
        names = [part.strip() for part in _COMMAS.split(text) if part.strip()]
        for name in names:
            if not re.fullmatch(r"[\w.-]+", name):
                raise ValueError(
                    _("“%(name)s” is no name: write it without spaces.", name=name[:40])
                )
        return names

    def written(self, value: list[str]) -> str:
        """Return them as one would type them."""
        return ", ".join(value) or "-"


class Lines(TextAreaField):
    """Several texts, one on each line; a dash alone means none."""

    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else "\n".join(map(str, self.data)) or "-"

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed; nothing typed is `None`."""
        text = without_controls(str(valuelist[0])) if valuelist else ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        self.data = [] if set(lines) & NOTHING and len(lines) == 1 else lines or None


class DayHours(Typed):
    """The hours of one weekday: `9-13, 14:00-18:30`; an end before its start is the next day's."""

    def read(self, text: str) -> list[tuple[int, int]]:
        """Return the minutes at which each span begins and ends."""
        spans = []
        for part in map(str.strip, _COMMAS.split(text.replace("–", "-"))):
            if part and part not in NOTHING:
                try:
                    _day, start, end = read_hours(f"mon {part}")[0]
                except ValueError as error:
                    raise ValueError(
                        _("“%(text)s” cannot be read. Write it as 9:00-13:00.", text=part[:40])
                    ) from error
                spans.append((start, end))
        return spans

    def written(self, value: list[tuple[int, int]]) -> str:
        """Return them as one would type them."""
        return ", ".join(
            f"{write_minute(start)}-{write_minute(end if end <= DAY else end - DAY)}"
            for start, end in value
        )


class Money(Typed):
    """An amount in euro; a comma may stand before the cents."""

    def read(self, text: str) -> str:
        """Return the amount as text with two decimals at most."""
        text = text.removesuffix("€").removeprefix("€").strip().replace(",", ".")
        if not re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,2})?", text):
            raise ValueError(_("Write an amount in euro, such as 12.50."))
        return text


class Ticks(SelectMultipleField):
    """Boxes, any number of which are ticked."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def pre_validate(self, form: Any) -> None:
        """Refuse what was not offered."""
        try:
            super().pre_validate(form)
        except ValidationError as error:
            raise ValidationError(_("Choose among those of the list.")) from error


def weekday_choices() -> list[tuple[str, str]]:
    """Return the weekdays as rules write them, with their names."""
    return [(name, formats.weekday(number)) for number, name in enumerate(WEEKDAYS)]
