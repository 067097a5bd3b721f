"""The forms of bookings: what was typed, and the slot it means in the site's zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    DateField,
    Form,
    HiddenField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
    validators,
    widgets,
)

from labops.blueprints import formats
from labops.blueprints.slots import LENGTHS, UNTIL
from labops.kernel import local_time
from labops.kernel.interval import Interval

REASON_LENGTH, NOTE_LENGTH = 300, 500
# Days that calendars of all zones have, far around any booking.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2200, 1, 1)
LONGEST = timedelta(days=30)


class Day(DateField):
    """A day; one that cannot be read is kept as typed, with a sentence of ours."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(_("Write the day as 2026-11-26.")) from error


class Clock(TimeField):
    """A time of day, with or without seconds."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed."""
        text = str(valuelist[0]).strip() if valuelist else ""
        if not text:
            self.data = None
            return
        try:
            read = time.fromisoformat(text.replace(".", ":"))
        except ValueError as error:
            self.data = None
            raise ValueError(_("Write the time as 14:30.")) from error
        self.data = read.replace(tzinfo=None)


class Count(IntegerField):
    """A whole number; one that cannot be read is kept as typed, with a sentence of ours."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed."""
        text = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if not text:
            return
        if not text.isdecimal() or len(text) > 6:  # noqa: PLR2004 - nobody counts so far
            raise ValueError(_("Write a whole number, such as 8."))
        self.data = int(text)


class SlotForm(Form):
    """A day, a start, and an end or a length."""

    date = Day(_l("Day"), [validators.InputRequired(_l("Choose a day."))])
    start = Clock(_l("Start"), [validators.InputRequired(_l("Choose a start."))])
    length = SelectField(_l("Length"), [validators.InputRequired()], validate_choice=False)
    end_date = Day(_l("Day of the end"), [validators.Optional()])
    end = Clock(_l("End"), [validators.Optional()])
    override_reason = StringField(
        _l("Reason for an override"), [validators.Length(max=REASON_LENGTH)]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.length.choices = [
            *((str(minutes), formats.duration(timedelta(minutes=minutes))) for minutes in LENGTHS),
            (UNTIL, _("Until the end given below")),
        ]


class BookForm(SlotForm):
    """A new booking."""

    machines = SelectMultipleField(
        _l("Machines"),
        [validators.InputRequired(_l("Choose a machine."))],
        option_widget=widgets.CheckboxInput(),
        widget=widgets.ListWidget(prefix_label=False),
        validate_choice=False,
    )
    repeat = SelectField(_l("Repeat"), validate_choice=False)
    count = Count(_l("How many times"), [validators.Optional()])
    until = Day(_l("Last day"), [validators.Optional()])
    note = TextAreaField(_l("Note"), [validators.Length(max=NOTE_LENGTH)])
    person = StringField(_l("Book for"), [validators.Length(max=40)])
    key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.repeat.choices = [
            ("", _("Not at all")),
            ("1", _("Every week")),
            ("2", _("Every two weeks")),
        ]


class MoveForm(SlotForm):
    """New times for a booking; `sequence` is the revision that the page showed."""

    sequence = HiddenField()


@dataclass(frozen=True, slots=True)
class ReadSlot:
    """The slot that was typed, and a sentence for each of its times that happens twice."""

    slot: Interval
    remarks: tuple[str, ...]


def read_slot(form: SlotForm, zone: ZoneInfo) -> ReadSlot | None:
    """Return the slot, or `None` after putting a sentence at every field that is wrong."""
    if form.date.data is None or form.start.data is None:
        return None
    remarks: list[str] = []
    starts_at = _read(form, "start", form.date.data, form.start.data, zone, remarks)
    if form.length.data == UNTIL:
        if form.end.data is None:
            _refuse(form, "end", _("Give the end, or choose a length."))
            return None
        ends_on = form.end_date.data or form.date.data
        ends_at = _read(form, "end", ends_on, form.end.data, zone, remarks)
    else:
        ends_at = _after(form, starts_at)
    if starts_at is None or ends_at is None:
        return None
    if ends_at <= starts_at:
        _refuse(form, "end", _("The end must come after the start."))
        return None
    if ends_at - starts_at > LONGEST:
        _refuse(form, "length", _("No booking may be longer than 30 days."))
        return None
    return ReadSlot(Interval(starts_at, ends_at), tuple(remarks))


def wait_address(machines: Sequence[str], slot: Interval, zone: ZoneInfo) -> str:
    """Return the address of the form for joining the waiting list, filled with the slot."""
    return url_for("waiting.new", **{**wait_values("", slot, zone), "machine": list(machines)})


def wait_values(machine: str, slot: Interval, zone: ZoneInfo) -> dict[str, Any]:
    """Return what stands in that address."""
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    return {
        "machine": machine,
        "date": start.date().isoformat(),
        "start": f"{start:%H:%M}",
        "end_date": end.date().isoformat(),
        "end": f"{end:%H:%M}",
        "minutes": int(slot.length.total_seconds() // 60),
    }


def _after(form: SlotForm, starts_at: datetime | None) -> datetime | None:
    text = str(form.length.data or "")
    if not text.isdecimal() or len(text) > 5 or int(text) == 0:  # noqa: PLR2004 - a month has 43200
        _refuse(form, "length", _("Choose a length from the list."))
        return None
    return None if starts_at is None else starts_at + timedelta(minutes=int(text))


def _read(
    form: SlotForm, name: str, on: date, at: time, zone: ZoneInfo, remarks: list[str]
) -> datetime | None:
    """Turn a day and a time into an instant; note it when the time happens twice."""
    if not FIRST_DAY <= on <= LAST_DAY:
        _refuse(form, "end_date" if name == "end" else "date", _("This day is too far away."))
        return None
    try:
        read = local_time.read_local(datetime.combine(on, at), zone)
    except local_time.NoSuchLocalTime as never:
        _refuse(
            form,
            name,
            _(
                "On that night the clocks skip %(wanted)s. The next time that exists is"
                " %(suggestion)s.",
                wanted=f"{never.wanted:%H:%M}",
                suggestion=f"{never.suggestion:%H:%M}",
            ),
        )
        return None
    if read.clock is local_time.WallClock.TWICE:
        remarks.append(
            _(
                "On that night the clock shows %(time)s twice. The first one was taken: the one"
                " before the clocks go back.",
                time=f"{at:%H:%M}",
            )
        )
    return read.instant


def _refuse(form: SlotForm, name: str, sentence: str) -> None:
    field = form[name]
    field.errors = [*field.errors, sentence]
