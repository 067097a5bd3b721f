"""The small forms of what stands in lists: quotas, limits, timetables, prices and their like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from labops.blueprints.house_rules.choices import (
    NEEDED_TIMETABLE,
    TIMETABLE,
    WEEKDAY,
    Tick,
    one_of,
)
from labops.blueprints.house_rules.composed import HOURS
from labops.blueprints.house_rules.entry_limits import LIMIT, PLANS, QUOTA
from labops.blueprints.house_rules.kinds import (
    CLOCK,
    COUNT,
    LINES,
    MINUTES,
    MONEY,
    NAMES,
    TEXT,
    Key,
)
from labops.blueprints.house_rules.labels import (
    HOLIDAYS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryForm:
    """One kind of entry: what it is called, and the keys of its form."""

    title: Any
    add: Any
    edit: Any
    keys: tuple[Key, ...]
    help: Any = ""


_NAME = Key(path="name", kind=TEXT, label=_l("Name"), needed=True)
_HOURS = Key(path="hours", kind=HOURS, label=_l("Hours"))

ENTRIES: Mapping[str, EntryForm] = {
    "sessions": EntryForm(
        title=_l("Named sessions"),
        add=_l("Add a session"),
        edit=_l("Session"),
        help=_l("Whole sessions are booked, in place of steps."),
        keys=(_NAME, _HOURS),
    ),
    "overnight": EntryForm(
        title=_l("Bookings over night"),
        add=_l("Allow bookings over night"),
        edit=_l("Bookings over night"),
        keys=(
            Key(path="starts_from", kind=CLOCK, label=_l("They start at or after"), needed=True),
            Key(path="ends_by", kind=CLOCK, label=_l("They end by, the next day"), needed=True),
            Key(path="shortest_minutes", kind=MINUTES, label=_l("Shortest")),
            Key(path="longest_minutes", kind=MINUTES, label=_l("Longest")),
        ),
    ),
    "releases": EntryForm(
        title=_l("When new days open"),
        add=_l("Add a release of days"),
        edit=_l("Release of days"),
        help=_l("In place of days that one may book ahead."),
        keys=(
            Key(path="on", kind=WEEKDAY, label=_l("On each")),
            Key(path="on_day_of_month", kind=COUNT, label=_l("Or on this day of each month")),
            Key(path="at", kind=CLOCK, label=_l("At")),
            Key(
                path="days",
                kind=COUNT,
                label=_l("So many days open"),
            ),
            Key(path="first_day", kind=COUNT, label=_l("The first so many days later")),
            Key(
                path="month",
                kind=COUNT,
                label=_l("Or a whole month opens, so many months later"),
            ),
        ),
    ),
    "timetables": EntryForm(
        title=_l("Timetables"),
        add=_l("Add a timetable"),
        edit=_l("Timetable"),
        help=_l("Weekly hours with a name, to which other rules can be bound."),
        keys=(
            _NAME,
            _HOURS,
            Key(path="holidays", kind=one_of(HOLIDAYS), label=_l("On public holidays")),
            Key(
                path="seasons",
                kind=LINES,
                label=_l("Only in these parts of the year"),
                help=_l("One on each line: 06-01/09-15, or with years."),
            ),
        ),
    ),
    "audiences": EntryForm(
        title=_l("Reserved hours"),
        add=_l("Reserve hours"),
        edit=_l("Reserved hours"),
        help=_l("For whoever meets every condition of an entry; one entry is enough."),
        keys=(
            Key(path="during", kind=NEEDED_TIMETABLE, label=_l("During"), needed=True),
            PLANS,
            Key(
                path="groups",
                kind=NAMES,
                label=_l("Only for these groups"),
                help=_l("Short names with commas between them. Empty means everybody."),
            ),
            Key(path="youngest", kind=COUNT, label=_l("Youngest")),
            Key(path="oldest", kind=COUNT, label=_l("Oldest")),
        ),
    ),
    "quotas": EntryForm(title=_l("Quotas"), add=_l("Add a quota"), edit=_l("Quota"), keys=QUOTA),
    "add_quotas": EntryForm(
        title=_l("Further quotas"),
        add=_l("Add a further quota"),
        edit=_l("Further quota"),
        help=_l("They hold together with those of the levels below."),
        keys=QUOTA,
    ),
    "limits": EntryForm(
        title=_l("Limits with conditions"),
        add=_l("Add a limit"),
        edit=_l("Limit with conditions"),
        help=_l("Limits that hold at some hours, for some plans or on some machines only."),
        keys=LIMIT,
    ),
    "add_limits": EntryForm(
        title=_l("Further limits with conditions"),
        add=_l("Add a further limit"),
        edit=_l("Further limit with conditions"),
        help=_l("They hold together with those of the levels below."),
        keys=LIMIT,
    ),
    "late_charges": EntryForm(
        title=_l("What cancelling late costs"),
        add=_l("Add a charge"),
        edit=_l("Charge"),
        help=_l("The shortest time that fits decides."),
        keys=(
            Key(
                path="within_minutes",
                kind=MINUTES,
                label=_l("Cancelled less than this before the start"),
                needed=True,
            ),
            Key(path="percent", kind=COUNT, label=_l("Per cent of the price")),
            Key(path="first_hour", kind=Tick(), label=_l("Only of the first hour")),
        ),
    ),
    "strikes": EntryForm(
        title=_l("Suspension after missed bookings"),
        add=_l("Suspend after missed bookings"),
        edit=_l("Suspension after missed bookings"),
        keys=(
            Key(path="missed", kind=COUNT, label=_l("So many missed"), needed=True),
            Key(path="in_days", kind=COUNT, label=_l("In so many days"), needed=True),
            Key(
                path="suspended_days", kind=COUNT, label=_l("Suspend for so many days"), needed=True
            ),
            Key(
                path="late_cancelled", kind=Tick(), label=_l("Cancelled too late counts as missed")
            ),
        ),
    ),
    "fields": EntryForm(
        title=_l("Questions"),
        add=_l("Add a question"),
        edit=_l("Question"),
        keys=(
            Key(
                path="name",
                kind=TEXT,
                label=_l("What is asked"),
                help=_l("One word, such as material."),
                needed=True,
            ),
            Key(path="required", kind=Tick(usually=True), label=_l("It must be answered")),
            Key(
                path="values",
                kind=LINES,
                label=_l("Only these answers"),
                help=_l("One on each line. Empty means any."),
            ),
            Key(
                path="excluded",
                kind=LINES,
                label=_l("Never these answers"),
                help=_l("One on each line."),
            ),
        ),
    ),
    "prices": EntryForm(
        title=_l("Prices"),
        add=_l("Add a price"),
        edit=_l("Price"),
        keys=(
            Key(path="per_hour", kind=MONEY, label=_l("Euro an hour")),
            Key(path="per_use", kind=MONEY, label=_l("Euro a use")),
            PLANS,
            Key(path="during", kind=TIMETABLE, label=_l("During")),
            Key(
                path="included_minutes",
                kind=MINUTES,
                label=_l("Free in each month"),
            ),
        ),
    ),
}
