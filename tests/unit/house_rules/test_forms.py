"""Whatever the rules can say, the pages' forms can say: data, form, what a browser sends, data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel, force_locale
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Form, SelectMultipleField

from labops.blueprints.house_rules import forms
from labops.blueprints.house_rules.entries import ENTRIES
from labops.blueprints.house_rules.kinds import Key, Known
from labops.blueprints.house_rules.parts import PARTS
from labops.domain.house_rules import editing
from labops.domain.house_rules.editing import NEW, SHAPES, Shape
from labops.domain.house_rules.entries import timetable
from labops.domain.house_rules.files import read_level, write_level
from labops.domain.house_rules.limits import Beyond, LimitRule, Party
from labops.domain.house_rules.reading import KNOWN_KEYS
from labops.domain.house_rules.timetables import WEEKDAYS, Holidays
from labops.domain.house_rules.values import GRIDS, QuotaScope, Window, read_rules
from tests.unit.house_rules.test_reading import EVERYTHING

KNOWN = Known(
    categories=(("cnc", "CNC"), ("laser", "Laser")),
    machines=(("laser-1", "Laser 1"),),
)
TABLES = ("day", "night")


@pytest.fixture(autouse=True)
def words() -> Iterator[None]:
    app = Flask("labops")
    Babel(app)
    with app.test_request_context():
        yield


def sent(form: Form) -> MultiDict[str, str]:
    """Return what a browser would send of the form as it is drawn."""
    data: MultiDict[str, str] = MultiDict()
    for field in form:
        if isinstance(field, BooleanField):
            if field.data:
                data.add(field.name, "y")
        elif isinstance(field, SelectMultipleField):
            data.setlist(field.name, [str(value) for value in field.data or ()])
        elif hasattr(field, "_value"):
            data.add(field.name, field._value())
        else:  # a list: the browser chooses the first where the form chose none
            data.add(field.name, str(field.data or field.choices[0].value))
    return data


def through(
    keys: tuple[Key, ...], data: dict[str, Any], tables: Iterable[str] = ()
) -> dict[str, Any]:
    """Return what comes back when the data is shown in a form that is sent as it is."""
    known = replace(KNOWN, timetables=tuple(tables))
    form = forms.filled(keys, known, data)
    again = forms.form_class(keys, forms.known_with(known, data))(sent(form))
    read = forms.read(keys, again)
    assert read is not None, again.errors
    return read


def rebuilt(data: dict[str, Any]) -> dict[str, Any]:
    """Return the level typed anew, every part and every entry in its own form."""
    tables = {name: timetable(name, value) for name, value in data.get("timetables", {}).items()}
    level: dict[str, Any] = {}
    for kind in SHAPES:
        keys = ENTRIES[kind].keys
        named = SHAPES[kind] is Shape.TABLE
        for entry in editing.entries_of(data, kind):
            value = editing.canonical(kind, entry.value, tables, name=entry.which)
            if named:
                value = value if isinstance(value, dict) else {"hours": value}
                value = {"name": entry.which, **value}
            said = through(keys, value, tables)
            name = said.pop("name") if named else ""
            body = said["hours"] if kind == "sessions" else said
            value = editing.canonical(kind, body, tables, name=name)
            level = editing.with_entry(level, kind, NEW, value, name=name)
    for part in PARTS.values():
        said = through(part.keys, data, tables)
        level = editing.with_keys(level, said, [key.path for key in part.keys])
    return level


def comes_back(data: dict[str, Any]) -> None:
    again = read_level(write_level(rebuilt(data)))
    assert read_rules(again, whole=False) == read_rules(data, whole=False)


def test_every_key_stands_in_one_form() -> None:
    plain = [key.path for part in PARTS.values() for key in part.keys]
    listed = [kind for part in PARTS.values() for kind in part.entries]
    assert sorted([*plain, *listed]) == sorted(KNOWN_KEYS)
    assert set(listed) == set(SHAPES) == set(ENTRIES)


@pytest.mark.parametrize("language", ["en", "it"])
def test_everything_comes_back_from_the_forms(language: str) -> None:
    with force_locale(language):
        comes_back(read_level(EVERYTHING))


clocks = st.integers(0, 1440).map(lambda n: f"{n // 60:02d}:{n % 60:02d}")
minutes = st.integers(0, 20_000)
few = st.integers(0, 99)
some = st.integers(1, 99)
names = st.text("abcdefgh-_.0123456789à", min_size=1, max_size=8).filter(lambda name: name != "-")
several_names = st.lists(names, max_size=3, unique=True)
tables = st.sampled_from(TABLES)
answers = (
    st.text("abc àè-,'\"<", min_size=1, max_size=8)
    .map(str.strip)
    .filter(lambda text: text.strip("-"))
)
yes = st.booleans()
machines = st.lists(st.sampled_from(["laser-1", "gone"]), max_size=2, unique=True)
categories = st.lists(st.sampled_from(["cnc", "laser", "old"]), max_size=3, unique=True)


@st.composite
def hours(draw: st.DrawFn) -> list[str]:
    lines = []
    for _ in range(draw(st.integers(0, 3))):
        day = draw(st.sampled_from([*WEEKDAYS, "daily", "mon-fri", "sat-mon"]))
        start = draw(st.integers(0, 1439))
        end = draw(st.integers(1, 1440))
        lines.append(f"{day} {start // 60}:{start % 60:02d}-{end // 60}:{end % 60:02d}")
    return lines


conditions = st.fixed_dictionaries(
    {},
    optional={
        "during": tables,
        "outside": tables,
        "whole": yes,
        "categories": categories,
        "machines": machines,
        "plans": several_names,
        "beyond": st.sampled_from(list(map(str, Beyond))),
        "exempt": st.fixed_dictionaries(
            {},
            optional={
                "same_date": yes,
                "same_date_after": clocks,
                "within_minutes": minutes,
                "same_week": yes,
                "walk_in": yes,
            },
        ),
    },
)


@st.composite
def quotas(draw: st.DrawFn) -> dict[str, Any]:
    window = draw(st.sampled_from(list(Window)))
    data: dict[str, Any] = {
        draw(st.sampled_from(["minutes", "hours", "bookings", "days", "sessions"])): draw(few),
        "window": str(window),
        "scope": str(draw(st.sampled_from(list(QuotaScope)))),
    }
    data |= {"rolling_days": draw(some)} if window is Window.ROLLING else {}
    data |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": names,
                "sums": st.sampled_from(list(map(str, Party))),
                "week_starts": st.sampled_from(WEEKDAYS),
                "missed_counts": yes,
                "late_cancelled_counts": yes,
            },
        )
    )
    return data | draw(conditions)


UNITS = {
    LimitRule.NOTICE: ["minutes", "hours", "days", "working_days"],
    LimitRule.CANCEL_NOTICE: ["minutes", "hours", "days", "working_days"],
    LimitRule.HORIZON: ["minutes", "hours", "days"],
    LimitRule.OPEN_BOOKINGS: ["minutes", "hours", "bookings"],
    LimitRule.ONE_AT_A_TIME: ["bookings"],
    LimitRule.RUN: ["days", "working_days"],
}


@st.composite
def limits(draw: st.DrawFn) -> dict[str, Any]:
    rule = draw(st.sampled_from(list(LimitRule)))
    unit = draw(st.sampled_from(UNITS.get(rule, ["minutes", "hours"])))
    data = {"rule": str(rule), unit: draw(few)}
    data |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": names,
                "until": clocks,
                "scope": st.sampled_from(list(map(str, QuotaScope))),
                "begun": yes,
            },
        )
    )
    return data | draw(conditions)


@st.composite
def releases(draw: st.DrawFn) -> dict[str, Any]:
    when = draw(
        st.sampled_from(WEEKDAYS).map(lambda day: {"on": day})
        | st.integers(1, 31).map(lambda day: {"on_day_of_month": day})
    )
    what = draw(some.map(lambda n: {"days": n}) | few.map(lambda n: {"month": n}))
    more = draw(st.fixed_dictionaries({}, optional={"at": clocks, "first_day": few}))
    return {**when, **what, **more}


def table_of_hours(required: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({name: required for name in TABLES})


weekly = st.fixed_dictionaries(
    {"hours": hours()},
    optional={
        "holidays": st.sampled_from(list(map(str, Holidays))),
        "seasons": st.lists(st.sampled_from(["06-01/09-15", "2026-01-01/2026-02-28"]), max_size=2),
    },
)
audiences = st.fixed_dictionaries(
    {"during": tables},
    optional={"plans": several_names, "groups": several_names, "youngest": few, "oldest": few},
)
charges = st.fixed_dictionaries(
    {"within_minutes": minutes}, optional={"percent": few, "first_hour": yes}
)
questions = st.fixed_dictionaries(
    {"name": names},
    optional={
        "required": yes,
        "values": st.lists(answers, max_size=3),
        "excluded": st.lists(answers, max_size=3),
    },
)
money = st.integers(0, 100_000).map(lambda cents: f"{cents / 100:.2f}")
prices = st.fixed_dictionaries(
    {},
    optional={
        "per_hour": money,
        "per_use": money,
        "plans": several_names,
        "during": tables,
        "included_minutes": minutes,
    },
)
overnight = st.fixed_dictionaries(
    {"starts_from": clocks, "ends_by": clocks},
    optional={"shortest_minutes": minutes, "longest_minutes": minutes},
)
strikes = st.fixed_dictionaries(
    {"missed": some, "in_days": some, "suspended_days": some}, optional={"late_cancelled": yes}
)
off_or_table = tables | st.just("")
levels = st.fixed_dictionaries(
    {"timetables": table_of_hours(weekly)},
    optional={
        "start_from": st.sampled_from(["usual", "nothing"]),
        "grid_minutes": st.sampled_from([1, *GRIDS]),
        "shortest_minutes": minutes,
        "longest_minutes": minutes,
        "lengths_minutes": st.lists(minutes, max_size=3),
        "sessions": st.dictionaries(st.sampled_from(["am", "late pm"]), hours(), min_size=1),
        "overnight": overnight,
        "notice_days": few,
        "notice_until": clocks | st.just(""),
        "horizon_opens": clocks,
        "horizon_minutes": minutes,
        "horizon_days_with_approval": few,
        "working_days": st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True),
        "releases": st.lists(releases(), max_size=2),
        "open_hours": off_or_table,
        "staffed_hours": off_or_table,
        "staffed_only": yes,
        "closed_days": st.lists(st.sampled_from(["2026-12-25", "2026-12-24/2027-01-06"])),
        "audiences": st.lists(audiences, max_size=2),
        "buffers_inside": yes,
        "one_at_a_time": few,
        "open_bookings": few,
        "quotas": st.lists(quotas(), max_size=3),
        "add_quotas": st.lists(quotas(), max_size=2),
        "limits": st.lists(limits(), max_size=3),
        "certifications_needed": several_names,
        "youngest": few,
        "approval": st.sampled_from(["none", "always"]),
        "approval_outside": off_or_table,
        "cancel_until": clocks,
        "late_cancel": st.sampled_from(["refuse", "missed", "charge"]),
        "late_charges": st.lists(charges, max_size=2),
        "strikes": strikes,
        "waiting_list": yes,
        "offer_held_minutes": minutes,
        "fields": st.lists(questions, max_size=2),
        "prices": st.lists(prices, max_size=2),
    },
)


@settings(max_examples=100, deadline=None)
@given(levels)
def test_whatever_is_said_comes_back_from_the_forms(data: dict[str, Any]) -> None:
    comes_back(data)


def test_what_an_empty_form_leaves_out_holds_as_otherwise() -> None:
    for name, part in PARTS.items():
        if name != "start":
            assert through(part.keys, {}) == {}


def test_a_timetable_is_called_by_its_new_name_everywhere() -> None:
    level = read_level(EVERYTHING)
    table = level["timetables"]["peak"]
    renamed = editing.with_entry(level, "timetables", "peak", table, name="rush hours")
    assert '"peak"' not in write_level(renamed)
    assert write_level(renamed).count('"rush hours"') == write_level(level).count('"peak"') + 1
    again = editing.with_entry(renamed, "timetables", "rush hours", table, name="peak")
    assert again == level


def test_lists_are_added_to_changed_and_taken_away() -> None:
    level: dict[str, Any] = {}
    for hours_ in (1, 2, 3):
        level = editing.with_entry(level, "prices", NEW, {"per_hour": f"{hours_}.00"})
    level = editing.with_entry(level, "prices", "2", {"per_use": "9.00"})
    level = editing.without_entry(level, "prices", "1")
    assert level == {"prices": [{"per_use": "9.00"}, {"per_hour": "3.00"}]}
    level = editing.without_entry(editing.without_entry(level, "prices", "1"), "prices", "1")
    assert level == {}
    assert editing.emptied(level, "strikes") == {"strikes": {}}
    assert editing.silent_about(editing.emptied(level, "prices"), "prices") == {}
