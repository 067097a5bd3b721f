"""Rules and cases as text: read, written back, refused by name."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labops.domain.house_rules.cases import read_cases
from labops.domain.house_rules.files import read_file, write_file
from labops.domain.house_rules.limits import Beyond, Limit, LimitRule, Party, Unit
from labops.domain.house_rules.reading import KNOWN_KEYS, merged_levels, readers
from labops.domain.house_rules.shape import GRIDS, HouseRules
from labops.domain.house_rules.timetables import Holidays, read_hours, read_season, write_hours
from labops.domain.house_rules.values import QuotaScope, Window, read_rules, write_rules
from labops.domain.house_rules.writing import _OTHERS
from labops.kernel.errors import Invalid

EVERYTHING = """
start_from = "usual"
grid_minutes = 15
lengths_minutes = [30, 60]
sessions = { morning = "daily 09:00-13:00" }
overnight = { starts_from = "20:00", ends_by = "09:00" }
notice_working_days = 1
notice_until = 12:00:00
horizon_opens = "08:00"
horizon_days_with_approval = 30
releases = [{ on = "thu", at = "12:00", days = 7 }, { on_day_of_month = 1, month = 1 }]
open_hours = "peak"
closed_days = [2026-12-25, "2026-12-24/2027-01-06"]
staffed_hours = "peak"
staffed_only = true
audiences = [{ during = "peak", plans = ["pro"], groups = ["women"], youngest = 13, oldest = 17 }]
setup_minutes = 5
cleanup_minutes = 0
gap_minutes = 60
next_once_begun = true
certifications_needed = ["safety", "laser"]
youngest = 18
youngest_supervised = 14
guardian_consent_below = 18
approval = "always"
approval_outside = "peak"
approval_above_minutes = 240
cancel_notice_days = 1
cancel_until = "18:00"
move_notice_minutes = 0
late_cancel = "charge"
late_charges = [{ within_minutes = 60, percent = 50, first_hour = true }]
forgiven_when_taken = true
strikes = { missed = 3, in_days = 30, suspended_days = 14 }
waiting_list = false
fields = [{ name = "material", values = ["wood"], excluded = ["PVC"] }]
prices = [{ per_hour = "12.5", plans = ["pro"], during = "peak", included_minutes = 60 }]
working_days = ["mon", "sat"]
quotas = [
  { name = "a", hours = 1.5, window = "7 days", scope = "everywhere", sums = "firm", during = "peak" },
  { days = 2, window = "week", scope = "machine", week_starts = "sun", late_cancelled_counts = true, exempt = { same_week = true, within_minutes = 60, same_date_after = "09:00", walk_in = true } },
]
limits = [
  { rule = "run", working_days = 3, plans = ["pro"] },
  { rule = "cancel_notice", days = 1, until = "12:00", outside = "peak", whole = true },
  { rule = "open_bookings", hours = 4, begun = false, scope = "category", beyond = "approval" },
]

[timetables.peak]
hours = ["mon-fri 09:00-18:00", "sat 22:00-02:00"]
holidays = "as-sunday"
seasons = ["06-01/09-15"]
"""


def test_everything_survives_being_written_and_read() -> None:
    rules = read_file(EVERYTHING).of(category="", machine="")
    assert read_rules(write_rules(rules)) == rules
    assert json.loads(json.dumps(write_rules(rules))) == write_rules(rules)
    changed = [
        field.name
        for field in fields(rules)
        if getattr(rules, field.name) != getattr(HouseRules(), field.name)
    ]
    assert len(changed) > 35


def test_a_file_survives_being_written_and_read() -> None:
    file = read_file(
        EVERYTHING
        + '[categories.laser]\nlongest_minutes = 60\nadd_quotas = [{ bookings = 1, window = "day", scope = "site" }]\n'
        + "[machines.laser-1]\nunattended = true\n[plans.pro]\nopen_bookings = 0\n"
        + "[plans.pro.categories.laser]\nlongest_minutes = 90\n"
        + "[plans.pro.machines.laser-1]\nlongest_minutes = 100\n"
    )
    again = read_file(write_file(file.levels))
    for plan, longest in (("", 60), ("pro", 100)):
        rules = file.of(category="laser", machine="laser-1", plan=plan)
        assert again.of(category="laser", machine="laser-1", plan=plan) == rules
        assert rules.longest == timedelta(minutes=longest)
        assert len(rules.quotas) == 3


def test_every_key_can_be_read_and_written() -> None:
    names = {name for name, _reader in readers({}).values()}
    assert names | {"timetables"} == {field.name for field in fields(HouseRules)}
    assert set(_OTHERS) <= KNOWN_KEYS


def test_an_added_quota_of_the_same_name_takes_the_place() -> None:
    first = {"quotas": [{"name": "a", "bookings": 1}, {"bookings": 2}]}
    merged = merged_levels([first, {"add_quotas": [{"name": "a", "bookings": 3}]}])
    assert merged["quotas"] == [{"bookings": 2}, {"name": "a", "bookings": 3}]


minutes = st.integers(0, 600).map(lambda n: timedelta(minutes=n))
limits = st.builds(
    Limit,
    rule=st.sampled_from([LimitRule.LONGEST, LimitRule.SHORTEST]),
    length=minutes,
)


@st.composite
def written_quotas(draw: st.DrawFn) -> dict[str, Any]:
    window = draw(st.sampled_from(list(Window)))
    data: dict[str, Any] = {
        draw(st.sampled_from(["minutes", "bookings", "days", "sessions"])): draw(
            st.integers(0, 999)
        ),
        "window": str(window),
        "scope": str(draw(st.sampled_from(list(QuotaScope)))),
        "sums": str(draw(st.sampled_from(list(Party)))),
        "missed_counts": draw(st.booleans()),
        "beyond": str(draw(st.sampled_from(list(Beyond)))),
    }
    if window is Window.ROLLING:
        data["rolling_days"] = draw(st.integers(1, 400))
    return data


@settings(max_examples=100, deadline=None)
@given(
    st.fixed_dictionaries(
        {"grid_minutes": st.sampled_from(GRIDS), "horizon_days": st.integers(0, 400)},
        optional={
            "quotas": st.lists(written_quotas(), max_size=4),
            "open_bookings": st.integers(0, 9),
            "notice_minutes": st.integers(0, 9999),
            "gap_minutes": st.integers(0, 999),
            "start_from": st.sampled_from(["usual", "nothing"]),
            "timetables": st.dictionaries(
                st.sampled_from(["a", "b"]),
                st.fixed_dictionaries(
                    {
                        "hours": st.just(["mon 09:00-12:00"]),
                        "holidays": st.sampled_from(list(map(str, Holidays))),
                    }
                ),
            ),
        },
    )
)
def test_whatever_is_read_is_written_the_same(data: dict[str, Any]) -> None:
    rules = read_rules(data)
    assert read_rules(write_rules(rules)) == rules
    levels = {("site", ""): data}
    assert read_file(write_file(levels)).of(category="", machine="") == rules


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("mon 09:00-18:00", [(0, 540, 1080)]),
        ("sat,sun 9-12:30", [(5, 540, 750), (6, 540, 750)]),
        ("fri-sun 22:00-02:00", [(4, 1320, 1560), (5, 1320, 1560), (6, 1320, 1560)]),
        ("sun-mon 00:00-24:00", [(0, 0, 1440), (6, 0, 1440)]),
    ],
)
def test_hours_are_read(text: str, spans: list[tuple[int, int, int]]) -> None:
    assert list(read_hours(text)) == spans
    assert sorted(s for line in write_hours(read_hours(text)) for s in read_hours(line)) == spans


@pytest.mark.parametrize(
    "text", ["", "mon", "moon 9-12", "mon 25:00-26:00", "mon 9:75-12", "9-12", "mon 24:00-01:00"]
)
def test_other_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_hours(text)


@pytest.mark.parametrize(
    "text", ["06-31/07-01", "2026-06-01/09-01", "2026-09-01/2026-06-01", "summer"]
)
def test_wrong_seasons_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_season(text)


def wrong_fields(text: str) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        read_file(text)
    return {str(one.params["field"]): one.code for one in caught.value.problems}


def test_each_wrong_key_is_named_by_its_place_all_at_once() -> None:
    assert wrong_fields(
        'longest_minuts = 1\ngrid_minutes = "x"\nopen_hours = "peek"\n'
        'quotas = [{ hours = 2, window = "fortnight", scope = "machine" }, { window = "day", scope = "site" }]\n'
        "[categories.laser]\nnotice = 3\n[plans.pro.machines.x]\nstrikes = { missed = 0 }\n"
        '[timetables.night]\nhours = "always"\n'
    ) == {
        "longest_minuts": "rules.unknown-key",
        "grid_minutes": "rules.not-a-count",
        "open_hours": "rules.unknown-timetable",
        "quotas[1].window": "rules.not-offered",
        "quotas[2]": "rules.one-of",
        "categories.laser.notice": "rules.unknown-key",
        "plans.pro.machines.x.strikes.missed": "rules.not-above-zero",
        "plans.pro.machines.x.strikes.in_days": "rules.missing",
        "plans.pro.machines.x.strikes.suspended_days": "rules.missing",
        "timetables.night.hours": "rules.wrong-hours",
    }


@pytest.mark.parametrize(
    ("text", "field", "code"),
    [
        ("x = ", "", "rules.not-toml"),
        ("categories = 3", "categories", "rules.not-a-table"),
        ("[plans]\npro = 3", "plans.pro", "rules.not-a-table"),
        ("[plans.'a:b']", "plans", "rules.not-text"),
        (
            "shortest_minutes = 60\nlongest_minutes = 30",
            "shortest_minutes",
            "rules.shortest-above-longest",
        ),
        (
            "[categories.a]\nlongest_minutes = 0",
            "categories.a.shortest_minutes",
            "rules.shortest-above-longest",
        ),
        ("longest_minutes = 100000", "longest_minutes", "rules.longest-too-long"),
        ("grid_minutes = 7", "grid_minutes", "rules.wrong-grid"),
        ("horizon_days = -1", "horizon_days", "rules.not-a-count"),
        ("horizon_days = 10000000000", "horizon_days", "rules.not-a-count"),
        ("staffed_only = true", "staffed_hours", "rules.missing"),
        ('limits = [{ rule = "longest", bookings = 2 }]', "limits[1]", "rules.one-of"),
        (
            'quotas = [{ hours = 2, window = "rolling", scope = "site" }]',
            "quotas[1]",
            "rules.wrong-rolling",
        ),
        (
            'quotas = [{ minutes = 1, name = "a", window = "day", scope = "site" }, { minutes = 2, name = "a", window = "day", scope = "site" }]',
            "quotas",
            "rules.doubled-name",
        ),
        ('prices = [{ per_hour = "nan" }]', "prices[1].per_hour", "rules.wrong-amount"),
        ('closed_days = ["2026-02-30"]', "closed_days[1]", "rules.wrong-day"),
        ('notice_until = "25:00"', "notice_until", "rules.wrong-time"),
        ('start_from = "zero"', "start_from", "rules.not-offered"),
        ("timetables = 3", "timetables", "rules.not-a-table"),
    ],
)
def test_wrong_files_say_where(text: str, field: str, code: str) -> None:
    assert wrong_fields(text)[field] == code


CASES: dict[str, Any] = {
    "zone": "Europe/Rome",
    "machines": {"laser": "laser"},
    "cases": [
        {
            "id": "first",
            "now": "2026-11-23T09:00",
            "existing": [
                {"machine": "laser", "starts_at": "2026-11-24T10:00", "ends_at": "2026-11-24T11:00"}
            ],
            "attempt": {"action": "cancel", "of": 0},
        }
    ],
}


@pytest.mark.parametrize(
    ("path", "value", "field", "code"),
    [
        (["zone"], "Europe/Rom", "zone", "rules.unknown-zone"),
        (["machines"], ["laser"], "machines", "rules.not-a-table"),
        (["holidays"], ["tomorrow"], "holidays[1]", "rules.wrong-day"),
        (["cases"], {}, "cases", "rules.not-a-list"),
        (["cases", 0, "now"], "2027-03-28T02:30", "now", "rules.not-an-instant"),
        (["cases", 0, "now"], 5, "now", "rules.not-an-instant"),
        (
            ["cases", 0, "existing", 0, "machine"],
            "lathe",
            "existing[0].machine",
            "rules.unknown-machine",
        ),
        (["cases", 0, "existing", 0, "state"], "gone", "existing[0].state", "rules.not-offered"),
        (
            ["cases", 0, "existing", 0, "ends_at"],
            "2026-11-24T09:00",
            "existing[0].ends_at",
            "field.ends-before-start",
        ),
        (["cases", 0, "existing", 0, "who"], "other", "attempt.of", "rules.not-own-booking"),
        (["cases", 0, "attempt", "of"], 1, "attempt.of", "rules.not-own-booking"),
        (["cases", 0, "attempt", "of"], None, "attempt.of", "rules.missing"),
        (["cases", 0, "attempt", "action"], "book", "attempt.starts_at", "rules.missing"),
        (["cases", 0, "person"], {"age": "old"}, "person.age", "rules.not-a-count"),
    ],
)
def test_wrong_cases_say_which_and_where(
    path: list[Any], value: Any, field: str, code: str
) -> None:
    data = json.loads(json.dumps(CASES))
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(Invalid) as caught:
        read_cases(json.dumps(data))
    found = {str(one.params["field"]): one for one in caught.value.problems}
    assert found[field].code == code
    assert path[0] != "cases" or len(path) == 1 or found[field].params["case"] == "first"


def test_limits_know_their_unit() -> None:
    rules = read_file('[[limits]]\nrule = "run"\nworking_days = 2').of(category="", machine="")
    assert rules.limits == (Limit(rule=LimitRule.RUN, count=2, unit=Unit.WORKING_DAYS),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "3",
        "{}",
        '{"zone": 3}',
        "[" * 100_000,
        '{"cases": [3], "zone": "Europe/Rome", "machines": {}}',
    ],
)
def test_anything_else_is_refused_not_crashed(text: str) -> None:
    with pytest.raises(Invalid):
        read_cases(text)
