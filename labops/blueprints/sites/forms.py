"""The forms of a site: shape and spelling only, the use cases decide the rest."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Form, validators

from labops.blueprints import formats
from labops.blueprints.sites.fields import (
    Choice,
    Coordinate,
    LocalMoment,
    Prose,
    Whole,
    Words,
    needed,
)
from labops.blueprints.sites.words import DAY, WEEKDAYS, UnreadableHours, read_hours, written_hours
from labops.domain.sites.queries import SiteView, WeeklyHours
from labops.domain.sites.services import DescribeSite, Span

_NUMBERS = ("latitude", "longitude", "people_capacity")


def _at_most(signs: int) -> validators.Length:
    return validators.Length(max=signs, message=_l("This is too long."))


class SiteForm(Form):
    """What a site says of itself."""

    name = Words(_l("Name"), [needed(), _at_most(120)])
    address = Words(_l("Street and number"), [needed(), _at_most(200)])
    city = Words(_l("City"), [needed(), _at_most(80)])
    zone = Words(
        _l("Time zone"),
        [needed(), _at_most(60)],
        description=_l("Its name in the world's list of zones, such as Europe/Rome."),
    )
    email = Words(_l("E-mail address"), [validators.Optional(), _at_most(254)])
    phone = Words(_l("Telephone"), [validators.Optional(), _at_most(40)])
    latitude = Coordinate(_l("Degrees north"), [validators.Optional()])
    longitude = Coordinate(_l("Degrees east"), [validators.Optional()])
    country = Choice(_l("Country whose public holidays it keeps"), [validators.Optional()])
    subdivision = Words(
        _l("Province or region"),
        [validators.Optional(), _at_most(10)],
        description=_l("Its short sign, such as MI, where it keeps holidays of its own."),
    )
    local_holidays = Prose(
        _l("Other days kept as holidays"),
        [validators.Optional(), _at_most(2000)],
        description=_l("A line each: month, day and name, such as 12-07 Sant'Ambrogio."),
    )
    people_capacity = Whole(
        _l("How many people may be in at once"),
        [validators.Optional()],
        description=_l("Whoever comes then waits at the door; without a number nobody does."),
    )
    description_it = Prose(_l("Description in Italian"), [validators.Optional(), _at_most(4000)])
    description_en = Prose(_l("Description in English"), [validators.Optional(), _at_most(4000)])

    def __init__(self, *args: Any, countries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = [("", _l("No country")), *countries]

    def validate_email(self, field: Words) -> None:
        """Refuse what nobody could write to."""
        if field.data and ("@" not in field.data or " " in field.data):
            raise validators.ValidationError(_l("This is not an e-mail address."))

    def to_command(self, site: SiteView) -> DescribeSite:
        """Return what was typed, for the site whose slug stays."""
        values: dict[str, Any] = {
            name: value if name in _NUMBERS else str(value or "")
            for name, value in self.data.items()
        }
        return DescribeSite(slug=site.slug, **values)


class HoursForm(Form):
    """A line of text for each weekday, named `day_0` (Monday) to `day_6`."""

    day_0 = Words(_l("Monday"))
    day_1 = Words(_l("Tuesday"))
    day_2 = Words(_l("Wednesday"))
    day_3 = Words(_l("Thursday"))
    day_4 = Words(_l("Friday"))
    day_5 = Words(_l("Saturday"))
    day_6 = Words(_l("Sunday"))

    @classmethod
    def of(cls, hours: WeeklyHours) -> HoursForm:
        """Return the form that shows the hours in force."""
        return cls(data={f"day_{n}": written_hours(hours, n) for n in WEEKDAYS})

    def spans(self) -> list[Span] | None:
        """Return what was typed, or `None` after saying at each wrong day what is wrong."""
        spans: list[Span] = []
        wrong = False
        for weekday in WEEKDAYS:
            field = self[f"day_{weekday}"]
            try:
                spans += read_hours(str(field.data or ""), weekday)
            except UnreadableHours as error:
                field.errors = [str(error)]
                wrong = True
        return None if wrong else spans


class ClosureForm(Form):
    """A span when the site or one space is shut, on the site's clock."""

    starts_at = LocalMoment(_l("From"), [needed()])
    ends_at = LocalMoment(_l("Until"), [needed()])
    space = Choice(
        _l("What is closed"),
        [validators.Optional()],
    )
    reason = Words(
        _l("Reason"), [needed(), _at_most(200)], description=_l("Everybody can read this.")
    )

    def __init__(self, *args: Any, spaces: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.space.choices = [("", _l("The whole site")), *spaces]


class SpaceForm(Form):
    """A room or area."""

    name = Words(_l("Name"), [needed(), _at_most(120)])
    capacity = Whole(_l("How many people it holds"), [needed()])
    people_capacity = Whole(
        _l("People at once"),
        [validators.Optional()],
        description=_l("How many people bookings may bring in at once. Empty: nobody counts."),
    )
    description = Prose(_l("Description"), [validators.Optional(), _at_most(2000)])


def overnight(spans: list[Span]) -> list[str]:
    """Return the days whose hours reach into the next day, so that a slip of the pen shows."""
    return [formats.weekday(span.weekday) for span in spans if span.closes_minute > DAY]
