"""Further parts of house rules: what a site may say besides limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from labops.domain.house_rules.timetables import Timetable


class StartFrom(StrEnum):
    """What holds where the rules are silent: the usual limits, or none."""

    USUAL = "usual"
    NOTHING = "nothing"


class Approval(StrEnum):
    """Whether staff have to agree before a booking is confirmed."""

    NONE = "none"
    ALWAYS = "always"


class LateCancel(StrEnum):
    """What happens to whoever cancels or moves later than the notice allows."""

    REFUSE = "refuse"
    MISSED = "missed"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overnight:
    """The shape of bookings over midnight: minutes of the first and of the next day."""

    starts_from: int
    ends_by: int
    shortest: timedelta = timedelta(0)
    longest: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """When new days open: on a weekday or a day of the month, at a minute of that day.

    It opens `days` days, the first `first_day` days after its own, or a whole calendar month
    `month` months later.
    """

    weekday: int | None = None
    month_day: int | None = None
    at: int = 0
    first_day: int = 1
    days: int = 0
    month: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Hours reserved for some people: who fits every condition that is named."""

    during: Timetable
    plans: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    youngest: int | None = None
    oldest: int | None = None


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """Local days on which nobody is let in, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What cancelling costs later than `within` before the start: a share of the price."""

    within: timedelta
    percent: int = 100
    first_hour: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """So many missed bookings in so many days suspend for so many days."""

    missed: int
    in_days: int
    suspended_days: int
    late_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """What must be said when booking: one of the values, if any are listed, never an excluded."""

    name: str
    required: bool = True
    values: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What using a machine costs, in euro; `included` time of each month is free."""

    per_hour: Decimal = Decimal(0)
    per_use: Decimal = Decimal(0)
    plans: tuple[str, ...] = ()
    during: Timetable | None = None
    included: timedelta = timedelta(0)
