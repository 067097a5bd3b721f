"""Form fields that keep what was typed and say what is wrong with it in our own words."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    Form,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
    validators,
    widgets,
)

from labops.kernel import local_time
from labops.kernel.text import one_line, without_controls

MOST_DIGITS = 9
_PART = re.compile(r"(\d+)\s*([a-z]*)")
_UNITS = {
    "": 1,
    "m": 1,
    "min": 1,
    "mins": 1,
    "minute": 1,
    "minutes": 1,
    "minuto": 1,
    "minuti": 1,
    "h": 60,
    "hour": 60,
    "hours": 60,
    "ora": 60,
    "ore": 60,
    "d": 1440,
    "day": 1440,
    "days": 1440,
    "g": 1440,
    "giorno": 1440,
    "giorni": 1440,
}


def read_length(text: str) -> timedelta:
    """Return the length of time that was typed; raises `ValueError` with a sentence."""
    if clock := re.fullmatch(r"(\d{1,3}):([0-5]\d)", text):
        return timedelta(hours=int(clock[1]), minutes=int(clock[2]))
    parts = _PART.findall(text.lower())
    plain = _PART.sub("", text.lower()).strip(" ,.")
    if not parts or plain or any(unit not in _UNITS for _number, unit in parts):
        raise ValueError(_("Write a length of time, such as 90 min, 1 h 30 min or 2 days."))
    minutes = sum(int(number[:MOST_DIGITS]) * _UNITS[unit] for number, unit in parts)
    if minutes > 10**7:
        raise ValueError(_("This is too long."))
    return timedelta(minutes=minutes)


def written_length(value: timedelta) -> str:
    """Return the length of time as one would type it."""
    minutes = int(value.total_seconds() // 60)
    days, rest = divmod(minutes, 1440)
    if days and not rest:
        return f"{days} d"
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours)
    return " ".join(parts)


def read_whole(text: str) -> int:
    """Return the whole number that was typed; raises `ValueError` with a sentence."""
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return int(text)
    raise ValueError(_("Write a whole number, such as 12."))


def needed() -> validators.InputRequired:
    """Return the rule that a field must be filled in."""
    return validators.InputRequired(_l("This field must be filled in."))


class Choice(SelectField):
    """One of a list; anything else is refused in our own words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = SelectField.__name__  # pages draw it as one

    def pre_validate(self, form: Any) -> None:
        """Refuse what was not offered."""
        try:
            super().pre_validate(form)
        except ValidationError as error:
            raise ValidationError(_("Choose one from the list.")) from error


class Words(StringField):
    """One line of text without control characters."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed."""
        self.data = one_line(str(valuelist[0])) if valuelist else self.data


class Prose(TextAreaField):
    """Text of several lines without control characters."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed."""
        self.data = without_controls(str(valuelist[0])) if valuelist else self.data


class Typed(StringField):
    """A text that means something else; what cannot be read stays as it was typed."""

    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.written(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed; nothing typed is `None`."""
        text = one_line(str(valuelist[0])) if valuelist else ""
        self.data = self.read(text) if text else None

    def read(self, text: str) -> Any:
        """Return what the text means; raises `ValueError` with a sentence."""
        raise NotImplementedError

    def written(self, value: Any) -> str:
        """Return the value as one would type it."""
        return str(value)


class Whole(Typed):
    """A whole number, not below zero."""

    def read(self, text: str) -> int:
        """Return the number."""
        return read_whole(text)


class Millimetres(Typed):
    """A length in mm; a comma may stand before its decimals."""

    def read(self, text: str) -> float:
        """Return the length."""
        text = text.removesuffix("mm").strip()
        if re.fullmatch(r"[0-9]{1,9}([.,][0-9]{1,3})?", text):
            return float(text.replace(",", "."))
        raise ValueError(_("Write millimetres as a number, such as 610 or 304.8."))

    def written(self, value: float) -> str:
        """Return the length without needless decimals."""
        return f"{value:g}" if value < 1e6 else str(int(value))  # noqa: PLR2004


class Coordinate(Typed):
    """Degrees north or east."""

    def read(self, text: str) -> float:
        """Return the degrees."""
        if re.fullmatch(r"-?[0-9]{1,3}([.,][0-9]{1,10})?", text):
            degrees = float(text.replace(",", "."))
            if abs(degrees) <= 180:  # noqa: PLR2004
                return degrees
        raise ValueError(_("Write degrees as a number, such as 45.4826."))


class Length(Typed):
    """A length of time in words: `90`, `1 h 30 min`, `1:30`, `2 days`. A bare number is minutes."""

    def read(self, text: str) -> timedelta:
        """Return the length of time."""
        return read_length(text)

    def written(self, value: timedelta) -> str:
        """Return the length as one would type it."""
        return written_length(value)


class LocalMoment(Typed):
    """A date and time on the site's clock, kept naive; `instant_of` makes an instant of it."""

    widget = widgets.DateTimeLocalInput()

    def read(self, text: str) -> datetime:
        """Return the local date and time."""
        try:
            moment = datetime.fromisoformat(text.replace(" ", "T", 1))
        except ValueError as error:
            raise ValueError(_("Write a date and a time, such as 2026-11-26 14:30.")) from error
        if moment.tzinfo is not None or not 2000 <= moment.year <= 2200:  # noqa: PLR2004
            raise ValueError(_("Write a date and a time, such as 2026-11-26 14:30."))
        return moment.replace(second=0, microsecond=0)

    def written(self, value: datetime) -> str:
        """Return it as browsers want it."""
        return value.isoformat(timespec="minutes")


def instant_of(form: Form, name: str, zone: ZoneInfo, remarks: list[str]) -> datetime | None:
    """Return the instant a local moment means, or `None` after saying at the field why not.

    A time that the clocks show twice means the first; `remarks` then says so.
    """
    local = form[name].data
    if local is None:
        return None
    try:
        read = local_time.read_local(local, zone)
    except local_time.NoSuchLocalTime as never:
        form[name].errors = [
            *form[name].errors,
            _(
                "On that night the clocks skip %(wanted)s. The next time that exists is"
                " %(suggestion)s.",
                wanted=f"{never.wanted:%H:%M}",
                suggestion=f"{never.suggestion:%H:%M}",
            ),
        ]
        return None
    if read.clock is local_time.WallClock.TWICE:
        remarks.append(
            _(
                "On that night the clock shows %(time)s twice. The first one was taken: the one"
                " before the clocks go back.",
                time=f"{local:%H:%M}",
            )
        )
    return read.instant
